"""One exact decimal field: what is written is what is read, on PostgreSQL and on SQLite.

PostgreSQL keeps `numeric(38, 18)`. SQLite has no exact decimals, so the value is kept there
as canonical text: plain notation, always 18 decimals, no negative zero. With a fixed number
of decimals equal values have equal texts (so equality, uniqueness and grouping are right
in SQL), and the text is the one PostgreSQL prints for the same value.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any, Final, override

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.functions import Sign
from django.db.models.sql.compiler import SQLCompiler

from common.domain.errors import InvalidArgument

MAX_DIGITS: Final = 38
DECIMAL_PLACES: Final = 18
_STEP: Final = Decimal(1).scaleb(-DECIMAL_PLACES)
# The default context has 28 digits and rounds silently; this one has all and raises.
_CONTEXT: Final = Context(prec=MAX_DIGITS, traps=[Inexact, InvalidOperation])


class NotExactOnSqlite(InvalidArgument):
    """SQLite was asked to order, compare or reckon with exact decimals, which it keeps as text."""

    code = "not_exact_on_sqlite"


def parse_exact(value: object) -> Decimal:
    """Return the decimal that was written, or refuse; never round.

    Parameters
    ----------
    value
        A `Decimal`, an integer, or text. Not a float: it has lost digits already.

    Returns
    -------
    Decimal
        Without trailing zeros, exponent or negative zero.

    Raises
    ------
    ValidationError
        If it is a float or no number, is not finite, or has more than 20 digits
        before or 18 after the point.

    Examples
    --------
    >>> parse_exact("12345678.123456789012345678")
    Decimal('12345678.123456789012345678')
    >>> parse_exact("-0.00"), parse_exact("1E+2")
    (Decimal('0'), Decimal('100'))
    """
    if isinstance(value, bool | float):
        raise ValidationError(
            f"{value!r} is not exact: give a decimal as text, not as a floating-point number.",
            code="inexact",
        )
    if not isinstance(value, Decimal | int | str):
        raise ValidationError(f"{value!r} is not a decimal number.", code="invalid")
    try:
        number = Decimal(value)
    except InvalidOperation as e:
        raise ValidationError(f"{value!r} is not a decimal number.", code="invalid") from e
    if not number.is_finite():
        raise ValidationError(f"{number} is not a finite number.", code="not_finite")
    try:
        return trim(number.quantize(_STEP, context=_CONTEXT))
    except (Inexact, InvalidOperation) as e:
        raise ValidationError(
            f"{number} has too many digits: at most {MAX_DIGITS - DECIMAL_PLACES} before the "
            f"decimal point and {DECIMAL_PLACES} after it.",
            code="too_many_digits",
        ) from e


def trim(value: Decimal) -> Decimal:
    """Return the same number without trailing zeros, exponent or negative zero."""
    text = f"{value:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text) if value else Decimal(0)


def canonical_text(value: Decimal) -> str:
    """Return the text that SQLite keeps.

    Examples
    --------
    >>> canonical_text(Decimal("0.1"))
    '0.100000000000000000'
    """
    return f"{value.quantize(_STEP, context=_CONTEXT):f}"


class ExactDecimalFormField(forms.DecimalField):
    """A form's decimal; the browser is told not to count in steps, which it does in floats."""

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Return the widget's attributes, with any step allowed."""
        attrs: dict[str, Any] = super().widget_attrs(widget)
        return {**attrs, "step": "any"} if "step" in attrs else attrs

    def prepare_value(self, value: Any) -> Any:
        """Return what the form shows: plain notation, as everywhere else."""
        return f"{value:f}" if isinstance(value, Decimal) else value


class ExactDecimalField(models.DecimalField):  # type: ignore[type-arg]  # generic in stubs only
    """A decimal of 20 digits before and 18 after the point, exact on both databases.

    It takes `Decimal`, integers and text; floats, NaN, infinities and surplus
    digits are a `ValidationError`, also on `save()` without `full_clean()`.

    Notes
    -----
    On SQLite only equality, `in`, `isnull` and `sign` work in SQL. Ordering,
    other lookups, arithmetic and aggregates raise `NotExactOnSqlite` (from the
    compiler of `common.backends.sqlite3`); fetch and reckon in Python instead.
    `sign` (-1, 0, 1) serves check constraints, as in `Q(amount__sign=1)`.
    """

    description = "Exact decimal number"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Return what a migration writes; the digits are the field's own."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def get_internal_type(self) -> str:
        """Return a type of its own, so that no backend treats the column as a float."""
        return "ExactDecimalField"

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        """Return the column's type."""
        if connection.vendor == "sqlite":
            return "text"
        return f"numeric({MAX_DIGITS}, {DECIMAL_PLACES})"

    def to_python(self, value: object) -> Decimal | None:
        """Return the exact decimal; see `parse_exact` for what is refused."""
        return None if value is None else parse_exact(value)

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Any:
        """Return what the driver is handed: a `Decimal`, or SQLite's text."""
        exact = value if prepared else self.get_prep_value(value)
        if isinstance(exact, Decimal) and connection.vendor == "sqlite":
            return canonical_text(exact)
        return exact

    def from_db_value(
        self,
        value: Decimal | str | None,
        expression: Expression,  # noqa: ARG002 - Django's signature
        connection: BaseDatabaseWrapper,  # noqa: ARG002 - Django's signature
    ) -> Decimal | None:
        """Return the stored value in the same form from both databases."""
        return None if value is None else trim(Decimal(value))

    def formfield(self, **kwargs: Any) -> Any:
        """Return the form's field."""
        return super().formfield(**{"form_class": ExactDecimalFormField, **kwargs})


@ExactDecimalField.register_lookup
class ExactSign(Sign):
    """The sign of an exact decimal: -1, 0 or 1."""

    output_field = models.SmallIntegerField()

    @override
    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra_context: Any
    ) -> Any:
        """Read the sign from the canonical text; null stays null."""
        text, params = compiler.compile(self.get_source_expressions()[0])
        zero = canonical_text(Decimal(0))
        sql = f"(({text} <> '{zero}') - 2 * (substr({text}, 1, 1) = '-'))"
        return sql, (*params, *params)
