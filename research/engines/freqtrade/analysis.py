"""Freqtrade's own tests of a strategy file: does it look ahead, does it depend on history."""

from types import ModuleType
from typing import Final

from research.domain.backtest import Market, NativeRequest
from research.engines.base import NativeTask
from research.engines.exceptions import UnsupportedFeature
from research.engines.freqtrade.bias_reports import LookaheadReport, RecursiveReport
from research.engines.freqtrade.errors import translated
from research.engines.freqtrade.folder import run_folder
from research.engines.freqtrade.inputs import check_native
from research.engines.freqtrade.quiet import quiet
from research.engines.freqtrade.runner import import_freqtrade

STARTUPS: Final = (199, 399, 499, 999, 1999)


def find_lookahead(
    request: NativeRequest, market: Market, *, least_trades: int = 10, most_trades: int = 20
) -> LookaheadReport:
    """Run Freqtrade's lookahead-analysis of a strategy file on the bars of a market.

    Parameters
    ----------
    least_trades
        With fewer trades there is no verdict.
    most_trades
        Each of these is made again on bars cut off after its entry and after its exit.

    Raises
    ------
    InvalidNativeStrategy, UnsupportedFeature, EngineFailed
        As a run of the file.
    """
    bias = _prepare(request, market)
    with run_folder() as folder, translated(), quiet() as log:
        report: LookaheadReport = bias.lookahead(
            request, market, folder, trades=(least_trades, most_trades)
        )
        log.check()
        return report


def find_recursion(
    request: NativeRequest, market: Market, *, startups: tuple[int, ...] = STARTUPS
) -> RecursiveReport:
    """Run Freqtrade's recursive-analysis of a strategy file on the bars of a market.

    Parameters
    ----------
    startups
        Bars of warm-up to try, beside those the strategy asks for.

    Raises
    ------
    InvalidNativeStrategy, UnsupportedFeature, EngineFailed
        As a run of the file.
    """
    bias = _prepare(request, market)
    with run_folder() as folder, translated(), quiet() as log:
        report: RecursiveReport = bias.recursion(request, market, folder, startups=startups)
        log.check()
        return report


def _prepare(request: NativeRequest, market: Market) -> ModuleType:
    if request.params:
        raise UnsupportedFeature(
            "freqtrade analyses a strategy file with the values it states, not with"
            f" {', '.join(request.params)}",
            engine="freqtrade",
            features=["params"],
        )
    check_native(NativeTask(request=request, market=market))
    import_freqtrade()
    with translated(), quiet():
        from research.engines.freqtrade import bias

        return bias
