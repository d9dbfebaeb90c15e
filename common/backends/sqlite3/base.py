"""The backend: Django's own, with a compiler that knows exact decimals."""

from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations as SqliteOperations


class DatabaseOperations(SqliteOperations):
    """SQLite's operations."""

    compiler_module = "common.backends.sqlite3.compiler"


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection that `ENGINE` names."""

    ops_class = DatabaseOperations
