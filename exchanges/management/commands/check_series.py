"""`check_series`: what is wrong with stored bars or order-book events."""

from typing import Any

from django.core.management.base import CommandParser

from common.commands import (
    PlatformCommand,
    add_instrument_arguments,
    instrument_id,
    series_key,
)
from common.data_pipeline.store import SeriesStore
from common.domain.clock import SystemClock
from common.domain.enums import SeriesKind
from common.domain.errors import InvalidArgument
from common.domain.instruments import SeriesKey
from common.domain.time import to_ns
from common.domain.timeframe import Timeframe
from exchanges.selectors.market_data import open_store
from exchanges.selectors.quality import check_events, check_series, compare_series


class Command(PlatformCommand):
    """Check a stored series."""

    help = "Report gaps, disorder, spikes and more; with --against, compare two venues."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the series and the other venue."""
        add_instrument_arguments(parser)
        parser.add_argument(
            "--kind",
            choices=[SeriesKind.BARS.value, SeriesKind.EVENTS.value],
            default=SeriesKind.BARS.value,
        )
        parser.add_argument("--timeframe", help=f"of bars: {' '.join(Timeframe)}")
        parser.add_argument("--against", metavar="VENUE", help="the same series of this venue")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Check it.

        Raises
        ------
        InvalidArgument
            If bars have no timeframe, or events are given one or another venue.
        """
        if options["kind"] == SeriesKind.EVENTS:
            return _check_events(open_store(), options)
        if not options["timeframe"]:
            raise InvalidArgument("the following arguments are required: --timeframe")
        key, store = series_key(options), open_store()
        now_ns = to_ns(SystemClock().now())
        document: dict[str, Any] = {
            "series": str(key),
            "kind": key.kind.value,
            **check_series(store=store, key=key, now_ns=now_ns).describe(),
        }
        if options["against"]:
            comparison = compare_series(store=store, key=key, venue=options["against"])
            document["comparison"] = comparison.describe()
        return document

    def render(self, document: dict[str, Any]) -> str:
        """Return a line a finding."""
        lines = [f"{document['series']}: {document['rows']:,} {document['kind']}"]
        findings = [*document["findings"], *document.get("comparison", {}).get("findings", [])]
        lines += [
            f"  {finding['severity'].lower()}: {finding['sentence']}" for finding in findings
        ]
        return "\n".join(lines if findings else [*lines, "  nothing is wrong"])

    def exit_status(self, document: dict[str, Any]) -> int:
        """Return 1 if there is an error, in the series or in its disagreement with the other."""
        compared = document.get("comparison", {"has_errors": False})
        return 1 if document["has_errors"] or compared["has_errors"] else 0


def _check_events(store: SeriesStore, options: dict[str, Any]) -> dict[str, Any]:
    key = SeriesKey(instrument_id(options), SeriesKind.EVENTS)
    for name in ("timeframe", "against"):
        if options[name]:
            raise InvalidArgument(
                f"--{name} is {options[name]}, but order-book events have no use for it",
                argument=name,
            )
    report = check_events(store=store, key=key)
    return {"series": str(key), "kind": key.kind.value, **report.describe()}
