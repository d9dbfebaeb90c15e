"""Money, prices and quantities are exact: in models, and in what the API reads and writes."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from rest_framework import serializers

import common
import exchanges
import portfolio
import research
import trading
from common.api.fields import ExactDecimalField as ExactSerializerField
from common.fields import ExactDecimalField

OURS: tuple[ModuleType, ...] = (common, exchanges, portfolio, research, trading)
APPS = {package.__name__ for package in OURS}
# Words of which one in a name makes a field money, a price or a quantity.
EXACT_WORDS = {
    "amount",
    "balance",
    "capital",
    "cash",
    "cost",
    "equity",
    "fee",
    "limit",
    "lot",
    "margin",
    "notional",
    "pnl",
    "price",
    "quantity",
    "rate",
    "slippage",
    "tick",
}


def model_fields() -> Iterator[Any]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label in APPS:
            yield from model._meta.get_fields()


def serializer_classes() -> list[type[serializers.Serializer[Any]]]:
    for package in OURS:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".api" in module.name and ".tests" not in module.name:
                importlib.import_module(module.name)
    found: list[type[serializers.Serializer[Any]]] = []
    waiting: list[type[Any]] = [serializers.Serializer]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.split(".")[0] in APPS and ".tests" not in kind.__module__:
            found.append(kind)
    return found


def is_plain_decimal(field: object) -> bool:
    return isinstance(field, models.DecimalField) and not isinstance(field, ExactDecimalField)


def is_float_of_money(field: Any) -> bool:
    return isinstance(field, models.FloatField) and bool(EXACT_WORDS & set(field.name.split("_")))


def offences(kind: type[serializers.Serializer[Any]]) -> list[str]:
    """Return the fields of a serializer that are not exact although they must be."""
    model = getattr(getattr(kind, "Meta", None), "model", None)
    if issubclass(kind, serializers.ModelSerializer) and model is None:
        return []
    exact = {
        field.name
        for field in (model._meta.get_fields() if model else ())
        if isinstance(field, ExactDecimalField)
    }
    return [
        f"{kind.__name__}.{name}"
        for name, field in kind().fields.items()
        if not isinstance(field, ExactSerializerField)
        and (isinstance(field, serializers.DecimalField) or field.source in exact)
    ]


class TestModels:
    def test_have_no_decimal_that_sqlite_would_round(self) -> None:
        fields = list(model_fields())

        assert any(isinstance(field, ExactDecimalField) for field in fields)
        assert [str(field) for field in fields if is_plain_decimal(field)] == []

    def test_keep_no_money_as_a_float(self) -> None:
        assert [str(field) for field in model_fields() if is_float_of_money(field)] == []


class TestSerializers:
    def test_write_every_exact_decimal_as_text(self) -> None:
        kinds = serializer_classes()

        assert len(kinds) > 1
        assert [offence for kind in kinds for offence in offences(kind)] == []


class TestTheRulesThemselves:
    @pytest.mark.parametrize(
        ("field", "is_refused"),
        [
            (models.DecimalField(max_digits=9, decimal_places=2), True),
            (ExactDecimalField(), False),
        ],
    )
    def test_tell_the_plain_field_from_ours(self, field: object, is_refused: bool) -> None:
        assert is_plain_decimal(field) is is_refused

    @pytest.mark.parametrize(
        ("name", "is_refused"), [("fee_rate", True), ("price", True), ("load_seconds", False)]
    )
    def test_know_money_by_its_name(self, name: str, is_refused: bool) -> None:
        assert is_float_of_money(models.FloatField(name=name)) is is_refused

    def test_find_a_plain_decimal_in_a_serializer(self) -> None:
        class Plain(serializers.Serializer[None]):
            price = serializers.DecimalField(max_digits=9, decimal_places=2)
            fee = ExactSerializerField()

        assert offences(Plain) == ["Plain.price"]
