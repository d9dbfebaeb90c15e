"""Where studies are kept: a schema of PostgreSQL, or one file for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresAddress:
    """A database of PostgreSQL; what is empty is left to libpq's defaults.

    Parameters
    ----------
    options
        Further words of a libpq connection string, such as `sslmode`.
    """

    dbname: str
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JournalFolder:
    """A folder on a local disk, made when first used; one file for each study."""

    folder: Path


type Address = PostgresAddress | JournalFolder
