"""Optuna's storage, opened by any number of processes at once."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import psycopg
from optuna import logging as optuna_logging
from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, get_storage
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from common.domain.errors import InvalidArgument
from research.search.addresses import Address, JournalFolder, PostgresAddress
from research.search.exceptions import SearchStorageOutdated, SearchStorageUnavailable
from research.search.journal import LockedJournal

SCHEMA: Final = "optuna"
# Any number that nobody else locks: the letters of "optuna".
_MAKING_TABLES: Final = int.from_bytes(b"optuna")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class OpenStorage:
    """A storage, and how to let go of its connections."""

    storage: BaseStorage
    close: Callable[[], None]


@contextmanager
def reaching_storage() -> Iterator[None]:
    """Turn what the database or the disk refuses into an error of ours.

    Raises
    ------
    SearchStorageUnavailable
        With what they said.
    """
    try:
        yield
    except (StorageInternalError, SQLAlchemyError, psycopg.Error, OSError) as e:
        said = e.__cause__ or e
        raise SearchStorageUnavailable(f"the studies cannot be reached: {said}") from e


def open_storage(address: Address, name: str) -> OpenStorage:
    """Return the storage of a study, with its schema, tables or file made if need be.

    Parameters
    ----------
    address
        Where studies are kept.
    name
        Letters, digits, dots, dashes and underscores, at most 100: it may name a file.

    Raises
    ------
    InvalidArgument
        If the name is written otherwise.
    SearchStorageOutdated
        If the tables are those of another release of Optuna.
    SearchStorageUnavailable
        If the database or the disk refuses.
    """
    if not _NAME.fullmatch(name):
        raise InvalidArgument(f"study name {name!r} does not match {_NAME.pattern}")
    _quieten()
    with reaching_storage():
        if isinstance(address, JournalFolder):
            address.folder.mkdir(parents=True, exist_ok=True)
            journal = LockedJournal(address.folder / f"{name}.journal")
            return OpenStorage(JournalStorage(journal), lambda: None)
        return _open_postgres(address)


def _quieten() -> None:
    # It would write to stderr itself. Warnings go where the platform's own go.
    optuna_logging.disable_default_handler()
    optuna_logging.enable_propagation()
    optuna_logging.set_verbosity(optuna_logging.WARNING)


def _open_postgres(address: PostgresAddress) -> OpenStorage:
    with psycopg.connect(_conninfo(address), autocommit=True) as connection:
        # Optuna looks for each table and makes those it misses: two processes that do so
        # at once fail. The lock goes with the connection, however that ends.
        connection.execute("SELECT pg_advisory_lock(%s)", [_MAKING_TABLES])
        _make_schema(connection)
        pool = _pool(address)
        try:
            storage = RDBStorage(
                "postgresql+psycopg://",
                engine_kwargs={"pool": pool},
                # Checked here, where the error can be told from others.
                skip_compatibility_check=True,
            )
            _require_current(storage)
        except BaseException:
            pool.dispose()
            raise
    # It reads finished trials once.
    return OpenStorage(get_storage(storage), partial(_close, storage))


def _close(storage: RDBStorage) -> None:
    storage.remove_session()
    storage.engine.dispose()


def _make_schema(connection: psycopg.Connection[Any]) -> None:
    # CREATE SCHEMA IF NOT EXISTS asks for the right to create even where it exists.
    found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [SCHEMA])
    if found.fetchone() is None:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))


def _require_current(storage: RDBStorage) -> None:
    # Not upgraded in passing: workers of the release before may still be writing.
    found, needed = storage.get_current_version(), storage.get_head_version()
    if found != needed:
        raise SearchStorageOutdated(
            f"the tables in schema {SCHEMA} have version {found}, this Optuna needs {needed}:"
            " end the searches and run 'optuna storage upgrade'",
            found=found,
            needed=needed,
        )


def _pool(address: PostgresAddress) -> QueuePool:
    words = _conninfo(address)
    own = address.options.get("options", "")

    def connect() -> Any:
        return psycopg.connect(words, options=f"{own} -c search_path={SCHEMA}")

    # One worker asks at a time; Optuna opens a second connection inside a session while it
    # looks up versions. A chunk takes long enough to lose a connection.
    return QueuePool(connect, pool_size=1, max_overflow=1, pre_ping=True)


def _conninfo(address: PostgresAddress) -> str:
    words = {
        "dbname": address.dbname,
        "host": address.host,
        "port": address.port,
        "user": address.user,
        "password": address.password,
        **address.options,
    }
    return make_conninfo("", **{name: word for name, word in words.items() if word})
