"""Locks of rows and of names, held to the end of the transaction, on both databases.

PostgreSQL locks the rows or the name. SQLite has one writer at a time: a transaction begun
IMMEDIATE holds everything, so nothing more needs to be locked there.
"""

import hashlib

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper


class LockUnavailable(RuntimeError):
    """A lock was asked for where it could not hold: a mistake in the calling code."""


def locked[ModelT: models.Model](queryset: models.QuerySet[ModelT]) -> models.QuerySet[ModelT]:
    """Return the queryset whose rows, once read, nobody else can change or lock.

    Only rows of the queryset's own model are locked, not those it joins. Read
    it before deciding: rows read earlier may have changed since.

    Raises
    ------
    LockUnavailable
        Outside a transaction, or on SQLite in one that does not begin IMMEDIATE.
    """
    connection = connections[queryset.select_for_update().db]
    _require_lasting(connection)
    if connection.vendor == "sqlite":
        return queryset
    return queryset.select_for_update(of=("self",))


def try_lock(name: str, *, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Take the lock of a name if it is free; say whether it was.

    On SQLite it always is: who gets here is the only writer, having waited for
    the others when its transaction began.

    Raises
    ------
    LockUnavailable
        As `locked`.
    """
    connection = connections[using]
    _require_lasting(connection)
    if connection.vendor == "sqlite":
        return True
    digest = hashlib.sha256(name.encode()).digest()
    with connection.cursor() as cursor:
        number = int.from_bytes(digest[:8], signed=True)
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (free,) = cursor.fetchone()
    return bool(free)


def _require_lasting(connection: BaseDatabaseWrapper) -> None:
    if not connection.in_atomic_block:
        raise LockUnavailable("a lock outside a transaction would be released at once")
    if connection.vendor == "sqlite":
        mode = connection.settings_dict["OPTIONS"].get("transaction_mode")
        if mode != "IMMEDIATE":
            raise LockUnavailable(f"SQLite's transaction_mode is {mode}, not IMMEDIATE")
