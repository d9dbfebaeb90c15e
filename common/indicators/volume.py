"""Volume: whether it goes with the buyers or with the sellers."""

from typing import Final

import numpy as np

from common.domain.bars import Floats
from common.indicators.indicator import Indicator, Memory, whole
from common.indicators.library import LibraryFunction
from common.indicators.windows import per_window, ratio

_BAR: Final = ("high", "low", "close", "volume")


def cmf(high: Floats, low: Floats, close: Floats, volume: Floats, *, period: int) -> Floats:  # noqa: PLR0917 - a bar's columns
    """Return Chaikin's money flow, in [-1, 1].

    Sum of volume * ((close - low) - (high - close)) / (high - low) over the sum of volume,
    both of the last `period` bars. A bar without a range counts with its volume and no
    flow; NaN where nothing was traded. TA-Lib's CMF keeps running sums, which after
    heavy trading leave a ratio of rounding errors where nothing was traded.
    """
    place = np.nan_to_num(ratio((close - low) - (high - close), high - low))
    return per_window(
        lambda flow, traded: ratio(flow.sum(axis=1), traded.sum(axis=1)),
        period,
        place * volume,
        volume,
    )


VOLUME: Final = (
    Indicator(
        key="obv",
        summary="On-balance volume, beginning with the first bar's volume",
        source="Granville 1963; TA-Lib OBV",
        inputs=("close", "volume"),
        outputs=("obv",),
        memory=Memory.ANCHORED,
        function=LibraryFunction(name="OBV", options={}),
        bars_before=lambda _: 0,
    ),
    Indicator(
        key="mfi",
        summary="Money flow index, in [0, 100]; 0 where no money flowed",
        source="Quong and Soudack, Stocks and Commodities, March 1989; TA-Lib MFI",
        inputs=_BAR,
        parameters=(whole("period", 14),),
        outputs=("mfi",),
        memory=Memory.WINDOW,
        function=LibraryFunction(name="MFI", options={"period": "timeperiod"}, bounds=(0, 100)),
        bars_before=lambda p: p["period"],
    ),
    Indicator(
        key="cmf",
        summary="Chaikin money flow, in [-1, 1]; NaN where nothing was traded",
        source="Chaikin",
        inputs=_BAR,
        parameters=(whole("period", 20, low=1),),
        outputs=("cmf",),
        memory=Memory.WINDOW,
        function=cmf,
        bars_before=lambda p: p["period"] - 1,
    ),
    Indicator(
        key="ad",
        summary="Accumulation/distribution line, in units of volume",
        source="Chaikin; TA-Lib AD",
        inputs=_BAR,
        outputs=("ad",),
        memory=Memory.ANCHORED,
        function=LibraryFunction(name="AD", options={}),
        bars_before=lambda _: 0,
    ),
)
