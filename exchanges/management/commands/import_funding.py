"""`import_funding`: a published file of funding rates into the store."""

from typing import Any

from common.commands import instrument_id
from common.domain.enums import SeriesKind
from common.domain.instruments import SeriesKey
from exchanges.management.importing import ImportCommand


class Command(ImportCommand):
    """Import a file of funding rates."""

    help = "Import a file of funding rates into the store."

    def key(self, options: dict[str, Any]) -> SeriesKey:
        """Return the series of funding rates."""
        return SeriesKey(instrument_id(options), SeriesKind.FUNDING)
