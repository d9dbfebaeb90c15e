"""The backend: Django's own, with one more check before an expression is compiled."""

from typing import Any, Final

from django.core.exceptions import FieldError
from django.db.backends.sqlite3 import base
from django.db.backends.sqlite3.operations import DatabaseOperations as SqliteOperations
from django.db.models import Case, Count, When
from django.db.models.functions import Coalesce

from common.fields import ExactDecimalField, NotExactOnSqlite

# These hand values on as they are, or count them: nothing is compared or reckoned.
_HARMLESS: Final = (Case, Coalesce, Count, When)


class DatabaseOperations(SqliteOperations):
    """SQLite's operations, without arithmetic or ordering of exact decimals."""

    def check_expression_support(self, expression: Any) -> None:
        """Refuse a function, an aggregate, arithmetic or an ordering of exact decimals.

        Raises
        ------
        NotExactOnSqlite
            If an operand is an exact decimal: SQLite would reckon in floats and
            order by the characters.
        """
        super().check_expression_support(expression)
        if isinstance(expression, _HARMLESS):
            return
        if any(_is_exact_decimal(operand) for operand in expression.get_source_expressions()):
            raise NotExactOnSqlite(
                f"{type(expression).__name__} of exact decimals is not possible on SQLite, which "
                "keeps them as text: fetch the rows and do it in Python"
            )


def _is_exact_decimal(operand: Any) -> bool:
    try:
        return isinstance(getattr(operand, "output_field", None), ExactDecimalField)
    except FieldError:
        # An operand of unknown or mixed type is checked itself when its turn comes.
        return False


class DatabaseWrapper(base.DatabaseWrapper):
    """The connection that `ENGINE` names."""

    ops_class = DatabaseOperations
