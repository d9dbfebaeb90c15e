"""`import_events`: a recording of order-book events into the store."""

from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from django.core.management.base import CommandParser
from tqdm import tqdm

from common.commands import (
    PlatformCommand,
    add_instrument_arguments,
    instrument_id,
    positive_decimal,
)
from common.data_pipeline.events.formats import RecordingFile, RecordingFormat
from common.data_pipeline.events.quality import findings
from common.data_pipeline.events.report import EventReport
from common.domain.enums import SeriesKind
from common.domain.instruments import SeriesKey
from common.domain.time import format_utc
from exchanges.selectors.market_data import open_store
from exchanges.services.recordings import import_recording

_MILLISECOND_NS: Final = 1_000_000


class Command(PlatformCommand):
    """Import a recording of order-book events."""

    help = "Import a recording of trades and changes of the order book into the store."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, the instrument, the format and what formats need."""
        parser.add_argument("file", type=Path, help="the feed, or the table of trades")
        add_instrument_arguments(parser)
        parser.add_argument("--format", required=True, choices=[*RecordingFormat])
        parser.add_argument("--depth", type=Path, help="trades_depth: the table of the book")
        parser.add_argument(
            "--feed-latency-ms",
            type=positive_decimal,
            help="trades_depth: time from an event to its receipt, for tables without local_time",
        )
        parser.add_argument("--tick", type=positive_decimal, help="smallest step of a price")
        parser.add_argument("--lot", type=positive_decimal, help="smallest step of a quantity")
        parser.add_argument(
            "--allow-cut-end",
            action="store_true",
            help="binance_futures: leave out a last message that is cut off",
        )

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:
        """Import the recording."""
        key = SeriesKey(instrument_id(options), SeriesKind.EVENTS)
        latency_ms: Decimal | None = options["feed_latency_ms"]
        recording = RecordingFile(
            path=options["file"],
            format=RecordingFormat(options["format"]),
            depth=options["depth"],
            feed_latency_ns=None if latency_ms is None else int(latency_ms * _MILLISECOND_NS),
            allow_cut_end=options["allow_cut_end"],
        )
        # Without a terminal (None) the bar is left out.
        with tqdm(desc=str(key), unit=" events", disable=None) as bar:
            report = import_recording(
                store=open_store(),
                recording=recording,
                instrument_id=key.instrument,
                tick=options["tick"],
                lot=options["lot"],
                progress=lambda count: bar.update(count - bar.n),
            )
        return _document(key, report)

    def render(self, document: dict[str, Any]) -> str:
        """Return the result in a few lines."""
        period = f"{document['start']} to {document['end']}"
        counts = (
            f"{document['trades']:,} trades, {document['depth_updates']:,} changes of the book"
        )
        dropped = f"{document['duplicates']} duplicates dropped, {document['added']:,} new"
        lines = [
            f"{document['series']}: {document['rows']:,} events, {period}",
            f"{counts}, {document['gaps']} gaps, {dropped}",
        ]
        if document["clock_offset_ns"]:
            lines.append(
                f"times of receipt moved by {document['clock_offset_ns'] / 1e6:,.3f} ms: the"
                " receiver's clock was behind the exchange's"
            )
        lines += [
            f"  {finding['severity'].lower()}: {finding['sentence']}"
            for finding in document["findings"]
        ]
        return "\n".join([*lines, f"hash {document['hash']}"])


def _document(key: SeriesKey, report: EventReport) -> dict[str, Any]:
    return {
        "series": str(key),
        "rows": report.rows,
        "start": format_utc(report.start_ns),
        "end": format_utc(report.end_ns),
        "gaps": report.gaps,
        "duplicates": report.duplicates,
        "trades": report.trades,
        "depth_updates": report.depth_updates,
        "added": report.added,
        "clock_offset_ns": report.clock_offset_ns,
        "ignored": report.ignored,
        "findings": [finding.describe() for finding in findings(report.faults)],
        "hash": report.hash,
    }
