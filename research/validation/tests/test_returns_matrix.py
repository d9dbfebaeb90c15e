"""Every column gives what the summary of its run gives, and a broken one gives nothing."""

from time import perf_counter

import numpy as np
import pytest

from common.domain.bars import Bars, Floats
from common.domain.errors import InvalidArgument, InvalidInput
from common.domain.fills import no_fills
from common.domain.timeframe import Timeframe
from portfolio.metrics.summary import summarise
from research.validation.returns_matrix import KEYS, ColumnMetrics, column_metrics
from trading.strategies.tests.market import random_walk

CASH = 10_000.0
HOURS = random_walk(5, 2_000, holes=True)
RNG = np.random.default_rng(6)


def of(returns: Floats, bars: Bars) -> ColumnMetrics:
    return column_metrics(returns, open_ns=bars.open_ns, timeframe=bars.timeframe)


def by_summary(returns: Floats, bars: Bars) -> dict[str, float]:
    equity = CASH * np.cumprod(1.0 + returns, dtype=np.float64)
    found = summarise(fills=no_fills(), equity=equity, bars=bars, initial_cash=CASH, lot=1e-8)
    values = {key: found.values[key] for key in KEYS}
    return {key: np.nan if value is None else float(value) for key, value in values.items()}


def assert_is_the_summary(returns: Floats, bars: Bars) -> None:
    found = of(returns, bars)

    for column, path in enumerate(returns.T):
        expected = by_summary(np.ascontiguousarray(path), bars)
        for key in KEYS:
            assert found.values[key][column] == pytest.approx(
                expected[key], rel=1e-12, abs=1e-12, nan_ok=True
            ), (key, column)


class TestColumnMetrics:
    def test_are_those_of_the_summary(self) -> None:
        assert_is_the_summary(RNG.normal(0.0, 0.01, (len(HOURS), 12)), HOURS)

    def test_are_those_of_the_summary_at_the_edges(self) -> None:
        count = len(HOURS)
        flat, rising, short = np.zeros(count), np.full(count, 1e-4), RNG.normal(0, 0.01, count)
        short[500:] = 0.0
        ruined = RNG.normal(0, 0.01, count)
        ruined[1_000] = -1.0
        indebted = RNG.normal(0, 0.01, count)
        indebted[-1] = -1.5

        assert_is_the_summary(np.column_stack([flat, rising, short, ruined, indebted]), HOURS)

    @pytest.mark.parametrize("count", [1, 2, 25, 719, 720, 721])
    def test_are_those_of_the_summary_over_short_periods(self, count: int) -> None:
        bars = random_walk(7, count)

        assert_is_the_summary(RNG.normal(0.0, 0.01, (count, 3)), bars)

    def test_do_not_depend_on_the_columns_beside_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        returns = RNG.normal(0.0, 0.01, (len(HOURS), 9))
        whole = of(returns, HOURS)

        monkeypatch.setattr("research.validation.returns_matrix._BLOCK", 4 * len(HOURS))
        blocks = of(returns, HOURS)

        for key in KEYS:
            np.testing.assert_allclose(blocks.values[key], whole.values[key], rtol=1e-12)

    def test_of_a_broken_column_are_undefined_and_harm_no_other(self) -> None:
        returns = RNG.normal(0.0, 0.01, (len(HOURS), 4))
        clean = of(returns, HOURS)
        returns[3, 1], returns[9, 2] = np.nan, np.inf

        found = of(returns, HOURS)

        assert found.usable.tolist() == [True, False, False, True]
        for key in KEYS:
            assert np.isnan(found.values[key]).tolist() == [False, True, True, False]
            assert found.values[key][3] == pytest.approx(clean.values[key][3], rel=1e-12)

    def test_are_never_infinite(self) -> None:
        returns = np.full((2_000, 2), 5.0)

        found = of(returns, random_walk(8, 2_000))

        assert not any(np.isinf(values).any() for values in found.values.values())

    def test_take_seconds_for_thousands_of_columns(self) -> None:
        bars = random_walk(9, 1_000)
        returns = RNG.normal(0.0, 0.01, (1_000, 5_000))
        begin = perf_counter()

        found = of(returns, bars)

        assert perf_counter() - begin < 10
        assert found.usable.sum() == 5_000

    def test_refuse_what_does_not_fit(self) -> None:
        with pytest.raises(InvalidInput, match=r"shape \(3, 2\), times \(2,\)"):
            column_metrics(np.zeros((3, 2)), open_ns=np.arange(2) * 3_600, timeframe=Timeframe.H1)
        with pytest.raises(InvalidInput, match="must have two dimensions"):
            column_metrics(np.zeros(2), open_ns=np.arange(2), timeframe=Timeframe.H1)
        with pytest.raises(InvalidArgument, match="there are no bars"):
            column_metrics(np.zeros((0, 2)), open_ns=np.empty(0, np.int64), timeframe=Timeframe.H1)
