import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.data_pipeline.quality import check_bars
from common.data_pipeline.synthetic import (
    SYNTH_VENUE,
    NotSynthetic,
    check_source,
    generate_bars,
    is_synthetic,
    martingale,
)
from common.data_pipeline.tests.planting import INSTRUMENT, START_NS, clean_bars
from common.domain.bars import PRICE_COLUMNS, Bars
from common.domain.errors import InvalidArgument
from common.domain.instruments import InstrumentId
from common.domain.timeframe import Timeframe

REAL = InstrumentId("BTC/USDT", "BINANCE")


def digest(bars: Bars) -> str:
    content = b"".join(
        np.ascontiguousarray(getattr(bars, name)).astype("<f8" if name != "open_ns" else "<i8")
        for name in ("open_ns", *PRICE_COLUMNS)
    )
    return hashlib.sha256(content).hexdigest()


class TestGenerateBars:
    def test_gives_the_same_bars_on_every_machine(self) -> None:
        assert digest(clean_bars(10_000)) == (
            "84faaa548be2e9dea8902d75777b0b734737305e217206d2c3e679a1d6ee0aaa"
        )

    @settings(max_examples=30)
    @given(st.integers(0, 9_000), st.integers(0, 9_000))
    def test_begins_a_longer_series_with_the_shorter_one(self, one: int, other: int) -> None:
        short, long = sorted((one, other))
        if not short:
            return

        assert digest(clean_bars(long).rows(0, short)) == digest(clean_bars(short))

    @pytest.mark.parametrize(("seed", "start_ns"), [(2, START_NS), (1, START_NS + 10**9 * 3_600)])
    def test_depends_on_seed_and_start(self, seed: int, start_ns: int) -> None:
        changed = clean_bars(50, seed=seed, start_ns=start_ns)

        assert not np.array_equal(changed.close, clean_bars(50).close)

    def test_depends_on_the_symbol(self) -> None:
        (other,) = generate_bars(
            InstrumentId("ETH/USDT", SYNTH_VENUE),
            Timeframe.H1,
            start_ns=START_NS,
            n_bars=50,
            seed=1,
        )

        assert not np.array_equal(other.close, clean_bars(50).close)

    @pytest.mark.parametrize("timeframe", ["1m", "1h", "1d"])
    def test_gives_bars_without_errors(self, timeframe: str) -> None:
        bars = clean_bars(10_000, Timeframe(timeframe))

        assert not check_bars([bars], bars.timeframe).has_errors

    def test_opens_away_from_the_last_close(self) -> None:
        bars = clean_bars(5_000)

        gaps = np.log(bars.open[1:] / bars.close[:-1])
        moves = np.log(bars.close / bars.open)
        assert np.count_nonzero(gaps) > 4_900
        assert gaps.std() == pytest.approx(0.1 * moves.std(), rel=0.2)

    def test_moves_by_about_six_tenths_a_year(self) -> None:
        returns = np.diff(np.log(clean_bars(100_000).close))

        assert returns.std() * np.sqrt(365 * 24) == pytest.approx(0.67, rel=0.1)

    def test_comes_in_clusters_of_volatility_without_a_trend(self) -> None:
        returns = np.diff(np.log(clean_bars(100_000).close))

        sizes = np.abs(returns)
        assert np.corrcoef(sizes[1:], sizes[:-1])[0, 1] > 0.1
        assert abs(np.corrcoef(returns[1:], returns[:-1])[0, 1]) < 0.02
        assert abs(returns.mean()) < 4 * returns.std() / np.sqrt(len(returns))

    def test_refuses_a_real_venue(self) -> None:
        with pytest.raises(NotSynthetic, match=r"cannot be stored as BTC/USDT\.BINANCE"):
            next(generate_bars(REAL, Timeframe.H1, start_ns=START_NS, n_bars=1, seed=1))

    @pytest.mark.parametrize("changed", [{"start_ns": START_NS + 1}, {"n_bars": -1}])
    def test_refuses_what_cannot_be(self, changed: dict[str, int]) -> None:
        arguments = {"start_ns": START_NS, "n_bars": 1, "seed": 1, **changed}

        with pytest.raises(InvalidArgument):
            next(generate_bars(INSTRUMENT, Timeframe.H1, **arguments))

    def test_gives_nothing_for_no_bars(self) -> None:
        assert not list(
            generate_bars(INSTRUMENT, Timeframe.H1, start_ns=START_NS, n_bars=0, seed=1)
        )


class TestCheckSource:
    def test_knows_the_synthetic_venue(self) -> None:
        assert is_synthetic(INSTRUMENT)
        assert not is_synthetic(REAL)

    @pytest.mark.parametrize(("instrument", "is_generated"), [(REAL, True), (INSTRUMENT, False)])
    def test_refuses_to_mix_generated_and_recorded(
        self, instrument: InstrumentId, is_generated: bool
    ) -> None:
        with pytest.raises(NotSynthetic):
            check_source(instrument, is_generated=is_generated)

    @pytest.mark.parametrize(("instrument", "is_generated"), [(REAL, False), (INSTRUMENT, True)])
    def test_lets_the_rest_pass(self, instrument: InstrumentId, is_generated: bool) -> None:
        check_source(instrument, is_generated=is_generated)


class TestMartingale:
    def test_has_returns_of_mean_minus_half_the_variance(self) -> None:
        sigma, n_bars = 0.01, 400_000

        bars = martingale(7, n_bars, sigma)

        returns = np.log(bars.close / bars.open)
        assert returns.std() == pytest.approx(sigma, rel=0.01)
        assert returns.mean() == pytest.approx(-(sigma**2) / 2, abs=4 * sigma / np.sqrt(n_bars))

    def test_expects_the_price_it_has(self) -> None:
        finals = [martingale(seed, 100, 0.1).close[-1] / 100 for seed in range(2_000)]

        # The logarithm has variance 1, so the ratio has mean 1 and variance e - 1.
        assert np.mean(finals) == pytest.approx(1, abs=4 * np.sqrt((np.e - 1) / 2_000))

    def test_opens_at_the_last_close(self) -> None:
        bars = martingale(7, 2_000, 0.01)

        assert len(bars) == 2_000
        assert np.array_equal(bars.open[1:], bars.close[:-1])
        assert check_bars([bars], bars.timeframe).findings == ()

    def test_repeats_itself_by_seed(self) -> None:
        assert digest(martingale(7, 100, 0.01)) == digest(martingale(7, 100, 0.01))
        assert digest(martingale(7, 100, 0.01)) != digest(martingale(8, 100, 0.01))
