"""Every engine on bars by name, and the gaps that tests declare for them."""

import os

import pytest

from research.engines.base import BacktestEngine
from research.engines.exceptions import EngineNotInstalled
from research.engines.registry import get_engine, list_engines

_GAPS = ("notimpl", "notyet", "never")
# What executes on recorded events alone cannot be compared bar by bar.
ON_BARS = [engine.name for engine in list_engines() if engine.capabilities["bars"]]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = getattr(getattr(item, "callspec", None), "params", {}).get("engine_name")
        if name is None:
            continue
        item.add_marker(pytest.mark.engine(name))
        for gap in _GAPS:
            for mark in item.iter_markers(gap):
                if name in mark.args:
                    reason = f"{gap}: {mark.kwargs['reason']}"
                    raises = mark.kwargs["raises"]
                    item.add_marker(pytest.mark.xfail(raises=raises, reason=reason, strict=True))


@pytest.fixture(params=ON_BARS)
def engine_name(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def engine(engine_name: str) -> BacktestEngine:
    try:
        return get_engine(engine_name)
    except EngineNotInstalled as e:
        if os.environ.get("CI"):
            pytest.fail(e.detail)
        pytest.skip(e.detail)
