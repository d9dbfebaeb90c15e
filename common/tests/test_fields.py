from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.apps.registry import Apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Abs
from django.db.models.lookups import GreaterThan
from django.forms import modelform_factory
from hypothesis import given
from hypothesis import strategies as st

from common.fields import ExactDecimalField, NotExactOnSqlite, canonical_text, parse_exact

LONG = Decimal("12345678.123456789012345678")
LARGEST = Decimal("99999999999999999999.999999999999999999")
NEGATIVE = Decimal("-99999999999999999999.999999999999999999")
SMALLEST = Decimal("0.000000000000000001")

ON_SQLITE = connection.vendor == "sqlite"


class Amount(models.Model):  # noqa: DJ008 - no one reads it
    value = ExactDecimalField()
    other = ExactDecimalField(null=True, blank=True)
    label = models.CharField(max_length=10, blank=True)

    class Meta:
        app_label = "exact_tests"
        apps = Apps()
        constraints = [
            models.UniqueConstraint(fields=["value", "label"], name="exact_tests_once"),
            models.CheckConstraint(
                condition=Q(other__sign=1) | Q(other__isnull=True), name="exact_tests_positive"
            ),
        ]


@pytest.fixture(scope="session")
def amount_table(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Amount)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Amount)


@pytest.fixture
def amounts(amount_table: None, db: None) -> Any:
    return Amount._default_manager


class TestParsing:
    @pytest.mark.parametrize(
        ("written", "read"),
        [
            ("12345678.123456789012345678", LONG),
            ("1.50", Decimal("1.5")),
            ("1E+2", Decimal(100)),
            ("1.0000000000000000000000", Decimal(1)),
            (-7, Decimal(-7)),
            (LARGEST, LARGEST),
            (SMALLEST, SMALLEST),
        ],
    )
    def test_takes_what_can_be_kept_exactly(self, written: Any, read: Decimal) -> None:
        assert parse_exact(written) == read

    @pytest.mark.parametrize("zero", [Decimal("-0.00"), "0E-18", 0])
    def test_writes_zero_in_one_way(self, zero: Any) -> None:
        assert str(parse_exact(zero)) == "0"
        assert canonical_text(parse_exact(zero)) == "0.000000000000000000"

    @pytest.mark.parametrize(
        ("written", "code"),
        [
            (0.1, "inexact"),
            (True, "inexact"),
            ("NaN", "not_finite"),
            (Decimal("sNaN"), "not_finite"),
            ("-Infinity", "not_finite"),
            ("ten", "invalid"),
            ("", "invalid"),
            (b"1", "invalid"),
            ("0.0000000000000000001", "too_many_digits"),
            ("100000000000000000000", "too_many_digits"),
            ("1E+999999", "too_many_digits"),
            (LARGEST + Decimal("0.1"), "too_many_digits"),
        ],
    )
    def test_refuses_everything_else(self, written: Any, code: str) -> None:
        with pytest.raises(ValidationError) as refused:
            parse_exact(written)

        assert refused.value.code == code

    def test_says_the_value_and_the_bound(self) -> None:
        with pytest.raises(ValidationError, match=r"1E-19 has too many digits: at most 20 .* 18"):
            parse_exact(Decimal("1E-19"))

    @given(
        st.decimals(
            allow_nan=False,
            allow_infinity=False,
            places=18,
            max_value=10**20 - 1,
            min_value=-(10**20) + 1,
        )
    )
    def test_texts_are_equal_exactly_where_values_are(self, value: Decimal) -> None:
        text = canonical_text(parse_exact(value))

        assert Decimal(text) == value
        assert canonical_text(parse_exact(f"{text}000")) == text


class TestDeconstruction:
    def test_a_migration_names_the_field_without_its_digits(self) -> None:
        _, path, args, kwargs = ExactDecimalField(null=True, default=Decimal(1)).deconstruct()

        assert path == "common.fields.ExactDecimalField"
        assert (args, kwargs) == ([], {"null": True, "default": Decimal(1)})


class TestForms:
    def test_keeps_all_digits(self) -> None:
        form = modelform_factory(Amount, fields=["value"])({"value": str(LONG)})

        assert form.is_valid()
        assert form.cleaned_data["value"] == LONG

    def test_refuses_surplus_digits(self) -> None:
        form = modelform_factory(Amount, fields=["value"])({"value": "0." + "1" * 19})

        assert not form.is_valid()
        assert "value" in form.errors

    def test_lets_the_browser_accept_any_step(self) -> None:
        assert 'step="any"' in str(modelform_factory(Amount, fields=["value"])()["value"])


@pytest.mark.both_databases
class TestStorage:
    @pytest.mark.parametrize(
        "value", [LONG, LARGEST, NEGATIVE, SMALLEST, Decimal(0), Decimal("0.10"), Decimal(100)]
    )
    def test_reads_what_was_written(self, amounts: Any, value: Decimal) -> None:
        row = amounts.create(value=value)

        read = amounts.get(pk=row.pk).value
        assert read == value
        assert str(read) == str(parse_exact(value))
        assert amounts.values_list("value", flat=True).get() == value

    def test_both_databases_print_the_same_text(self, amounts: Any) -> None:
        amounts.create(value=Decimal("-1.5"))

        with connection.cursor() as cursor:
            cursor.execute("SELECT CAST(value AS text) FROM exact_tests_amount")
            assert cursor.fetchone() == ("-1.500000000000000000",)

    @pytest.mark.parametrize("value", [0.5, "NaN", "0." + "1" * 19])
    def test_saving_without_cleaning_refuses_too(self, amounts: Any, value: Any) -> None:
        with pytest.raises(ValidationError), transaction.atomic():
            amounts.create(value=value)

        assert amounts.count() == 0

    def test_keeps_null(self, amounts: Any) -> None:
        row = amounts.create(value=1)

        assert amounts.get(pk=row.pk).other is None
        assert amounts.filter(other__isnull=True).count() == 1

    def test_finds_equal_values_however_they_are_written(self, amounts: Any) -> None:
        row = amounts.create(value=Decimal("1.50"))
        amounts.create(value=Decimal("1.5000001"))

        assert amounts.get(value="1.5") == row
        assert amounts.get(value__in=[Decimal("1.500"), 7]) == row
        assert amounts.exclude(value=Decimal("1.5")).count() == 1

    def test_equal_values_are_duplicates(self, amounts: Any) -> None:
        amounts.create(value=Decimal(1))

        with pytest.raises(IntegrityError), transaction.atomic():
            amounts.create(value=Decimal("1.000"))

    def test_compares_two_columns_for_equality(self, amounts: Any) -> None:
        amounts.create(value=1, other=1)
        amounts.create(value=1, other=2, label="b")

        assert [row.label for row in amounts.filter(value=F("other"))] == [""]

    def test_updates_many_rows_at_once(self, amounts: Any) -> None:
        row = amounts.create(value=1)
        row.value = LONG

        amounts.bulk_update([row], ["value"])

        assert amounts.get().value == LONG

    def test_copies_a_column(self, amounts: Any) -> None:
        amounts.create(value=LONG)

        amounts.update(other=F("value"))

        assert amounts.get().other == LONG

    def test_groups_and_counts_equal_values(self, amounts: Any) -> None:
        amounts.create(value=1, label="a")
        amounts.create(value="1.0", label="b")

        assert list(amounts.values("value").annotate(n=Count("value"))) == [
            {"value": Decimal(1), "n": 2}
        ]

    @pytest.mark.parametrize(
        ("value", "sign"), [(LONG, 1), (SMALLEST, 1), (0, 0), (-SMALLEST, -1), (NEGATIVE, -1)]
    )
    def test_tells_the_sign(self, amounts: Any, value: Any, sign: int) -> None:
        amounts.create(value=value)

        assert amounts.filter(value__sign=sign).exists()
        assert not amounts.exclude(value__sign=sign).exists()

    @pytest.mark.parametrize("value", [0, -SMALLEST])
    def test_a_constraint_can_demand_a_sign(self, amounts: Any, value: Any) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            amounts.create(value=1, other=value)

        with pytest.raises(ValidationError):
            Amount(value=1, other=value).full_clean()


def _queries() -> dict[str, Any]:
    return {
        "greater": lambda rows: rows.filter(value__gt=1),
        "greater_by_expression": lambda rows: rows.filter(GreaterThan(F("value"), F("other"))),
        "smaller_identity": lambda rows: rows.filter(pk__gt=F("value")),
        "range": lambda rows: rows.filter(value__range=(1, 2)),
        "contains": lambda rows: rows.filter(value__contains="1"),
        "order_by": lambda rows: rows.order_by("value"),
        "order_by_selected": lambda rows: rows.values("value").order_by("-value"),
        "order_by_annotation": lambda rows: rows.annotate(x=F("value")).order_by("x"),
        "sum": lambda rows: rows.aggregate(x=Sum("value")),
        "max": lambda rows: rows.aggregate(x=Max("value")),
        "plus": lambda rows: rows.annotate(x=F("value") + F("other")),
        "plus_one": lambda rows: rows.update(value=F("value") + 1),
        "abs": lambda rows: rows.annotate(x=Abs("value")),
        "equal_to_sum": lambda rows: rows.filter(value=F("other") + F("other")),
    }


@pytest.mark.both_databases
class TestReckoningInSql:
    @pytest.mark.parametrize("query", _queries().values(), ids=_queries())
    def test_is_refused_on_sqlite_and_done_on_postgresql(self, amounts: Any, query: Any) -> None:
        def run() -> None:
            result = query(amounts)
            if isinstance(result, models.QuerySet):
                list(result)

        if ON_SQLITE:
            with pytest.raises(NotExactOnSqlite, match="SQLite"):
                run()
        else:
            run()


@pytest.mark.skipif(ON_SQLITE, reason="refused there, see above")
class TestReckoningOnPostgresql:
    def test_is_exact(self, amounts: Any) -> None:
        amounts.create(value=LONG)
        amounts.create(value=SMALLEST)

        assert amounts.aggregate(x=Sum("value"))["x"] == LONG + SMALLEST
        assert amounts.order_by("value").first().value == SMALLEST
