"""SQL for SQLite, without reckoning on exact decimals, which are text there."""

from typing import Any, Final

from django.core.exceptions import FieldError
from django.db.models import Count, Func, Lookup, OrderBy
from django.db.models.expressions import CombinedExpression, Window
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact, In, IsNull
from django.db.models.sql import compiler

from common.fields import ExactDecimalField, ExactSign, NotExactOnSqlite

_RECKONING: Final = (CombinedExpression, Func, Lookup, OrderBy, Window)
# These tell equal values apart, hand a value on as it is, or were written for the text.
_RIGHT_ON_TEXT: Final = (Coalesce, Count, Exact, ExactSign, In, IsNull)


class _ExactCompiler(compiler.SQLCompiler):
    def compile(self, node: Any) -> Any:
        """Return the node's SQL.

        Raises
        ------
        NotExactOnSqlite
            If it reckons with, compares or orders exact decimals: SQLite would
            do that in floats or by the characters.
        """
        if (
            isinstance(node, _RECKONING)
            and not isinstance(node, _RIGHT_ON_TEXT)
            and any(_is_exact_decimal(operand) for operand in node.get_source_expressions())
        ):
            raise NotExactOnSqlite(
                f"{type(node).__name__} of exact decimals is not possible on SQLite, which keeps "
                "them as text: fetch the rows and do it in Python"
            )
        return super().compile(node)


def _is_exact_decimal(operand: Any) -> bool:
    try:
        return isinstance(getattr(operand, "output_field", None), ExactDecimalField)
    except FieldError:
        # An operand of unknown or mixed type is looked into when it is compiled itself.
        return False


class SQLCompiler(_ExactCompiler):
    """SELECT."""


class SQLInsertCompiler(_ExactCompiler, compiler.SQLInsertCompiler):
    """INSERT."""


class SQLDeleteCompiler(_ExactCompiler, compiler.SQLDeleteCompiler):
    """DELETE."""


class SQLUpdateCompiler(_ExactCompiler, compiler.SQLUpdateCompiler):
    """UPDATE."""


class SQLAggregateCompiler(_ExactCompiler, compiler.SQLAggregateCompiler):
    """SELECT of aggregates over a subquery."""
