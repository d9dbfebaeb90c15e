"""The filter by true or false that refuses everything else."""

from typing import Any, override

from django import forms
from django_filters import rest_framework as filters
from django_filters.widgets import BooleanWidget


class _Widget(BooleanWidget):  # type: ignore[misc]  # the library has no types
    @override
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return data.get(name) if value is None else value


class _Field(forms.NullBooleanField):
    @override
    def clean(self, value: Any) -> bool | None:
        if value not in {None, "", True, False}:
            raise forms.ValidationError(f"{value} is neither true nor false.", code="invalid")
        cleaned: bool | None = super().clean(value)
        return cleaned


class BooleanFilter(filters.BooleanFilter):  # type: ignore[misc]  # the library has no types
    """Django-filter's; with another value that one would give the whole list."""

    field_class = _Field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"widget": _Widget, **kwargs})
