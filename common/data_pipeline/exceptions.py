"""What can be wrong with stored data, with a file that is merged into it, or with the disk."""

from common.domain.errors import Conflict, ExternalError, InvalidInput, NotFound


class SeriesNotFound(NotFound):
    """Nothing is stored under that key."""

    code = "series_not_found"


class NoRows(InvalidInput):
    """A file, or a resampled series, holds no row at all."""

    code = "no_rows"


class InvalidRow(InvalidInput):
    """A row holds a number that cannot be a price, a quantity or a rate."""

    code = "invalid_row"


class ConflictingRows(InvalidInput):
    """Two different rows of one file claim the same place."""

    code = "conflicting_rows"


class StoredBarsDiffer(Conflict):
    """A file disagrees with what is stored; replacing must be asked for."""

    code = "stored_bars_differ"


class StaleManifest(Conflict):
    """Another writer committed first."""

    code = "stale_manifest"


class StoreLocked(Conflict):
    """Another writer holds the series' lock for longer than we wait."""

    code = "store_locked"


class ManifestUnreadable(ExternalError):
    """A manifest was written by a newer release, or is not one, or is another series'."""

    code = "manifest_unreadable"


class StoreCorrupted(ExternalError):
    """A data file is missing, unreadable, or does not hold what its manifest says."""

    code = "store_corrupted"


class StoreUnavailable(ExternalError):
    """The disk refused: full, read-only, not permitted, or not there."""

    code = "store_unavailable"


class OutputExists(Conflict):
    """A file of that name exists; overwriting must be asked for."""

    code = "output_exists"
