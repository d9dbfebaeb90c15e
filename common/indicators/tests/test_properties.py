"""What holds for every indicator that is registered, with no list to keep."""

import warnings

import numpy as np
import pytest

from common.domain.bars import PRICE_COLUMNS, Bars, Floats
from common.domain.timeframe import Timeframe
from common.indicators.columns import InvalidColumn
from common.indicators.indicator import Indicator, Memory
from common.indicators.technical import INDICATORS

HOUR_NS = 3_600 * 10**9

# What each output is after 600 bars of one price, where nothing was traded either.
PRICE = 12_345.678
FLAT: dict[str, list[float]] = {
    "ad": [0],
    "adx": [0],
    "aroon": [100, 100],
    "atr": [0],
    "bollinger": [PRICE] * 3,
    "bollinger_percent": [np.nan],
    "bollinger_width": [0],
    "cci": [0],
    "cmf": [np.nan],
    "di": [0, 0],
    "donchian": [PRICE] * 2,
    "ema": [PRICE],
    "hma": [PRICE],
    "ichimoku": [PRICE] * 4,
    "kama": [PRICE],
    "keltner": [PRICE] * 3,
    "macd": [0, 0, 0],
    "mfi": [0],
    "natr": [0],
    "obv": [0],
    "parabolic_sar": [PRICE],
    "pivots": [PRICE] * 7,
    "realised_volatility": [0],
    "roc": [0],
    "rsi": [0],
    "sma": [PRICE],
    "stochastic": [0, 0],
    "stochastic_rsi": [0, 0],
    "supertrend": [PRICE, 1],
    "tsi": [0],
    "volatility_percentile": [0],
    "vwap": [np.nan],
    "williams_r": [0],
    "wma": [PRICE],
    "z_score": [np.nan],
}


FADING = [each for each in INDICATORS.values() if not each.anchored]
ANCHORED = [each for each in INDICATORS.values() if each.anchored]
OF_BARS = [each for each in FADING if each.memory is Memory.WINDOW and not each.days_before]


@pytest.fixture(params=list(INDICATORS.values()), ids=list(INDICATORS))
def indicator(request: pytest.FixtureRequest) -> Indicator:
    value: Indicator = request.param
    return value


def each_of(indicators: list[Indicator]) -> pytest.MarkDecorator:
    """Run a test for some of them only."""
    return pytest.mark.parametrize("indicator", indicators, ids=lambda each: each.key)


def market(bars: Bars, *, scale: float = 1.0, **columns: Floats) -> Bars:
    """Copy bars with some columns replaced and prices scaled."""
    values = []
    for name in PRICE_COLUMNS:
        column = np.array(columns.get(name, getattr(bars, name)), np.float64)
        values.append(column if name == "volume" else column * scale)
    return Bars(bars.timeframe, bars.open_ns, *values)


def still(bars: Bars, since: int) -> Bars:
    """Copy bars in which price and trading stop at a row."""
    columns = {name: getattr(bars, name).copy() for name in PRICE_COLUMNS}
    for name in ("open", "high", "low"):
        columns[name][since:] = columns["close"][since]
    columns["close"][since:] = columns["close"][since]
    columns["volume"][since:] = 0
    return market(bars, **columns)


def compute(indicator: Indicator, bars: Bars) -> dict[str, Floats]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return indicator.compute(bars)


def assert_same(a: dict[str, Floats], b: dict[str, Floats]) -> None:
    for name, values in a.items():
        np.testing.assert_array_equal(values, b[name], err_msg=name, strict=True)


def test_later_bars_change_nothing(indicator: Indicator, hourly: Bars) -> None:
    bars = hourly.rows(0, 6_000)
    whole = compute(indicator, bars)
    rng = np.random.default_rng(7)
    for cut in [0, 1, 2, *rng.integers(3, len(bars), 40).tolist()]:
        part = compute(indicator, bars.rows(0, cut))
        assert_same(part, {name: values[:cut] for name, values in whole.items()})


@each_of(FADING)
@pytest.mark.parametrize("factor", [0.5, 1, 3])
def test_a_longer_history_changes_nothing_once_warm(
    indicator: Indicator, hourly: Bars, factor: float
) -> None:
    params = {
        each.name: max(each.low, int(each.default * factor))
        for each in indicator.parameters
        if each.whole
    }
    bound = 1e-9 if indicator.memory is Memory.WINDOW else 1e-6
    whole = indicator.compute(hourly, **params)
    warm = indicator.warm_up(params, hourly.timeframe)
    for start in np.random.default_rng(8).integers(1, 12_000, 6):
        part = indicator.compute(hourly.rows(start, len(hourly)), **params)
        for name, values in whole.items():
            # An oscillator passes through 0, where every error is infinitely large
            # relative to the value; there it is held against 1e-3 of a usual value.
            floor = bound * 1e-3 * np.nanmedian(np.abs(values))
            np.testing.assert_allclose(
                part[name][warm:], values[start + warm :], rtol=bound, atol=floor, err_msg=name
            )


@each_of(ANCHORED)
def test_anchored_ones_do_depend_on_where_history_starts(
    indicator: Indicator, hourly: Bars
) -> None:
    whole = compute(indicator, hourly)
    part = compute(indicator, hourly.rows(7_000, len(hourly)))
    settled = indicator.warm_up() + 5
    assert any(
        not np.array_equal(part[name][settled:], values[7_000 + settled :])
        for name, values in whole.items()
    )


def test_is_nan_until_warm_and_never_after(indicator: Indicator, hourly: Bars) -> None:
    values = compute(indicator, hourly)
    warm = indicator.warm_up(timeframe=hourly.timeframe)
    missing = [int(np.isnan(column).sum()) for column in values.values()]
    leading = [int(np.argmax(~np.isnan(column))) for column in values.values()]
    assert missing == leading
    if indicator.memory is Memory.RECURSIVE or indicator.days_before:
        assert max(missing) <= warm
    else:
        assert max(missing) == warm


def test_gives_every_declared_output_as_one_float64_a_bar(
    indicator: Indicator, hourly: Bars
) -> None:
    for count in (0, 1, 3, 700):
        values = compute(indicator, hourly.rows(0, count))
        assert tuple(values) == indicator.outputs
        for column in values.values():
            assert column.shape == (count,)
            assert column.dtype == np.float64


@each_of(OF_BARS)
def test_is_nan_throughout_when_there_are_fewer_bars_than_it_needs(
    indicator: Indicator, hourly: Bars
) -> None:
    values = compute(indicator, hourly.rows(0, indicator.warm_up()))
    assert any(np.isnan(column).all() for column in values.values())


def test_a_flat_market_gives_what_is_stated(indicator: Indicator) -> None:
    constant = np.full(600, PRICE)
    open_ns = np.arange(600, dtype=np.int64) * HOUR_NS
    bars = Bars(Timeframe.H1, open_ns, constant, constant, constant, constant, np.zeros(600))
    values = compute(indicator, bars)
    last = [column[-1] for column in values.values()]
    np.testing.assert_allclose(last, FLAT[indicator.key], rtol=1e-14, atol=1e-10)


def test_a_market_that_comes_to_rest_gives_neither_infinity_nor_noise(
    indicator: Indicator, hourly: Bars
) -> None:
    values = compute(indicator, still(hourly.rows(0, 5_000), 700))
    for name, column in values.items():
        assert not np.isinf(column).any(), name
        # Long after the last trade a value rests or goes on fading; it does not jump about.
        rest = column[-200:]
        assert np.isnan(rest).all() or np.ptp(rest) <= 1e-6 * max(1, np.abs(rest).max()), name


def test_trading_that_stops_for_a_while_gives_no_infinity(
    indicator: Indicator, hourly: Bars
) -> None:
    volume = hourly.volume[:2_000].copy()
    volume[500:900] = 0
    values = compute(indicator, market(hourly.rows(0, 2_000), volume=volume))
    for name, column in values.items():
        assert not np.isinf(column).any(), name


@pytest.mark.parametrize("power", [-40, 20])
def test_prices_in_another_unit_give_the_same_picture(
    indicator: Indicator, hourly: Bars, power: int
) -> None:
    bars = hourly.rows(0, 1_500)
    before = compute(indicator, bars)
    after = compute(indicator, market(bars, scale=2.0**power))
    for name, column in before.items():
        equal = np.array_equal(after[name], column, equal_nan=True)
        scaled = np.array_equal(after[name], column * 2.0**power, equal_nan=True)
        # The logarithm of a quotient of prices differs in its last digit.
        close = np.allclose(after[name], column, rtol=1e-10, atol=0, equal_nan=True)
        assert equal or scaled or close, name


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_refuses_what_is_not_finite_and_names_the_first_row(
    indicator: Indicator, hourly: Bars, bad: float
) -> None:
    column = next(name for name in indicator.inputs if name != "open_ns")
    values = getattr(hourly, column)[:300].copy()
    values[[123, 200]] = bad
    with pytest.raises(InvalidColumn, match=rf"{column} is {bad} at row 123, must be finite"):
        indicator.compute(market(hourly.rows(0, 300), **{column: values}))


def test_leaves_its_input_as_it_was(indicator: Indicator, hourly: Bars) -> None:
    bars = hourly.rows(0, 800)
    copies = [getattr(bars, name).copy() for name in PRICE_COLUMNS]
    compute(indicator, bars)
    for name, copy in zip(PRICE_COLUMNS, copies, strict=True):
        np.testing.assert_array_equal(getattr(bars, name), copy)


@pytest.mark.parametrize("end", ["low", "high"])
def test_the_ends_of_every_range_are_computed(
    indicator: Indicator, hourly: Bars, end: str
) -> None:
    params = {each.name: getattr(each, end) for each in indicator.parameters}
    if indicator.key == "macd":
        params["fast"], params["slow"] = (2, 3) if end == "low" else (9_999, 10_000)
    bars = hourly.rows(0, 2_000)
    for name, column in indicator.compute(bars, **params).items():
        assert column.shape == (2_000,), name
        assert not np.isinf(column).any(), name
