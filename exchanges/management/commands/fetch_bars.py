"""`fetch_bars`: a venue's public bars into the store."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from tqdm import tqdm

from common.commands import PlatformCommand, add_series_arguments, series_key
from common.domain.clock import SystemClock
from common.domain.errors import PlatformError
from common.domain.time import format_utc, parse_utc, to_ns
from exchanges.selectors.market_data import open_store
from exchanges.services.fetching import FetchReport, fetch_bars
from exchanges.venues.registry import open_client
from exchanges.venues.retrying import RetryPolicy


class FetchInterrupted(PlatformError):
    """Somebody stopped it."""

    code = "fetch_interrupted"
    exit_status = 130  # What a shell reports of a command that ended by SIGINT.


class Command(PlatformCommand):
    """Fetch bars from a venue."""

    help = "Fetch a venue's public bars into the store; goes on where an earlier fetch stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add series and period."""
        add_series_arguments(parser)
        parser.add_argument(
            "--start", required=True, help="first open time, ISO-8601, UTC if no zone is given"
        )
        parser.add_argument("--end", help="end of the period, not part of it; now by default")

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Fetch what is not stored yet.

        Raises
        ------
        FetchInterrupted
            On SIGINT; what was fetched is stored.
        """
        key, clock, fetch = series_key(options), SystemClock(), settings.PLATFORM.fetch
        start_ns = to_ns(parse_utc(options["start"]))
        end_ns = to_ns(parse_utc(options["end"]) if options["end"] else clock.now())
        client = open_client(
            key.instrument.venue,
            clock=clock,
            timeout_seconds=fetch.timeout_seconds,
            retries=RetryPolicy(attempts=fetch.attempts),
        )
        # Without a terminal (None) the bar is left out.
        with client, tqdm(desc=str(key), unit=" bars", disable=None) as bar:

            def show(settled: int, missing: int) -> None:
                bar.total = missing
                bar.update(settled - bar.n)

            try:
                report = fetch_bars(
                    store=open_store(),
                    client=client,
                    key=key,
                    start_ns=start_ns,
                    end_ns=end_ns,
                    clock=clock,
                    progress=show,
                )
            except KeyboardInterrupt as e:
                raise FetchInterrupted(
                    "interrupted; what was fetched is stored, the same command goes on from there"
                ) from e
        return _document(report)

    def render(self, document: dict[str, Any]) -> str:
        """Return two or three lines."""
        lines = [
            "{series}: {rows} bars from {start} to {end}, {gaps} missing; {added} of them new,"
            " {requests} requests".format(**document),
            f"hash {document['hash']}",
        ]
        coverage = document["coverage"]
        if coverage["capped"]:
            lines.append("the venue has nothing before {first_available}".format(**coverage))
        return "\n".join(lines)


def _document(report: FetchReport) -> dict[str, Any]:
    coverage = report.coverage
    return {
        "series": str(report.key),
        "rows": report.rows,
        "added": report.added,
        "start": format_utc(report.start_ns),
        "end": format_utc(report.end_ns),
        "gaps": report.gaps,
        "requests": report.requests,
        "coverage": {
            "asked_start": format_utc(coverage.asked_start_ns),
            "first_available": format_utc(coverage.first_available_ns),
            "capped": coverage.capped,
        },
        "hash": report.hash,
    }
