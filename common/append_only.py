"""Triggers with which the database itself refuses to change or remove finished rows."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS {table}_{verb}_refused BEFORE {verb} ON {table}
WHEN {condition} BEGIN SELECT RAISE(ABORT, '{reason}'); END
"""
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{reason}' USING ERRCODE = 'integrity_constraint_violation'; END $$
"""
_POSTGRESQL = """
CREATE OR REPLACE TRIGGER {table}_{verb}_refused BEFORE {verb} ON {table}
FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {table}_refuse()
"""


@dataclass(frozen=True, slots=True)
class FrozenRows:
    """Rows of a table that must stay as they are.

    Parameters
    ----------
    table
        Name of the table.
    condition
        SQL over `OLD` that is true of such a row; no user's text, ever.
    reason
        What the error says.
    """

    table: str
    condition: str
    reason: str


def install(connection: BaseDatabaseWrapper, rows: FrozenRows) -> None:
    """Install the triggers; repeating it changes nothing.

    It runs after every migration: on SQLite a changed table is made anew,
    without its triggers.
    """
    words = {"table": rows.table, "condition": rows.condition, "reason": rows.reason}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_POSTGRESQL_FUNCTION.format(**words))
        template = _POSTGRESQL if connection.vendor == "postgresql" else _SQLITE
        for verb in ("UPDATE", "DELETE"):
            cursor.execute(template.format(verb=verb, **words))


def install_present(connection: BaseDatabaseWrapper, frozen: Iterable[FrozenRows]) -> None:
    """Install the triggers of those tables that the migrations so far have made."""
    tables = connection.introspection.table_names()
    for rows in frozen:
        if rows.table in tables:
            install(connection, rows)


def remove(connection: BaseDatabaseWrapper, rows: FrozenRows) -> None:
    """Remove the triggers, for a table that is emptied on purpose."""
    place = f" ON {rows.table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        for verb in ("UPDATE", "DELETE"):
            cursor.execute(f"DROP TRIGGER IF EXISTS {rows.table}_{verb}_refused{place}")
