"""`list_series`: what is stored."""

from typing import Any

from common.commands import PlatformCommand, columns
from common.data_pipeline.events.hashing import series_hash
from common.data_pipeline.manifest import Manifest
from common.domain.time import format_utc
from exchanges.selectors.market_data import open_store
from exchanges.services.catalogue import register_all


class Command(PlatformCommand):
    """List what is stored, from the manifests; the database's rows are brought up to date."""

    help = "List every stored series with rows, range and gaps."

    def execute_command(self, options: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Read the manifests."""
        manifests = register_all(store=open_store())
        return {"series": [_describe(manifest) for manifest in manifests]}

    def render(self, document: dict[str, Any]) -> str:
        """Return a table."""
        if not document["series"]:
            return "nothing is stored; import_bars or fetch_bars brings bars"
        names = ("venue", "instrument", "kind", "timeframe", "rows", "start", "end", "gaps")
        rows = [
            ["" if row[name] is None else str(row[name]) for name in names]
            for row in document["series"]
        ]
        return columns([list(names), *rows])


def _describe(manifest: Manifest) -> dict[str, Any]:
    key = manifest.key
    return {
        "series": str(key),
        "venue": key.instrument.venue,
        "instrument": key.instrument.symbol,
        "kind": key.kind.value,
        "timeframe": key.timeframe.value if key.timeframe else None,
        "rows": manifest.rows,
        "start": format_utc(manifest.start_ns),
        "end": format_utc(manifest.end_ns),
        "gaps": manifest.gaps,
        "hash": series_hash(manifest),
        "version": manifest.version,
    }
