"""Strategy files as a person writes them for Freqtrade, as text."""

SMA = """
from freqtrade.strategy import IStrategy, IntParameter


class Sma(IStrategy):
    timeframe = "1h"
    stoploss = -0.05
    minimal_roi = {"0": 0.1, "1440": 0.05}
    trailing_stop = True
    trailing_stop_positive = 0.02
    trailing_stop_positive_offset = 0.04
    trailing_only_offset_is_reached = True
    startup_candle_count = 50
    fast = IntParameter(5, 20, default=10, space="buy")
    shorts = False

    def populate_indicators(self, dataframe, metadata):
        dataframe["fast"] = dataframe["close"].rolling(self.fast.value).mean()
        dataframe["slow"] = dataframe["close"].rolling(50).mean()
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] > dataframe["slow"], "enter_long"] = 1
        if self.can_short:
            dataframe.loc[dataframe["fast"] < dataframe["slow"], "enter_short"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        dataframe.loc[dataframe["fast"] < dataframe["slow"], "exit_long"] = 1
        if self.can_short:
            dataframe.loc[dataframe["fast"] > dataframe["slow"], "exit_short"] = 1
        return dataframe
"""

SHORTING = (
    SMA
    + """

class Shorting(Sma):
    can_short = True
"""
)

STACKING = (
    SMA
    + """

class Stacking(Sma):
    position_adjustment_enable = True
    stoploss = -0.2

    def custom_stake_amount(self, current_rate, max_stake, **kwargs):
        return max_stake / 4

    def adjust_trade_position(self, trade, current_profit, **kwargs):
        if current_profit < -0.02 and trade.nr_of_successful_entries < 3:
            return trade.stake_amount / 2
        if current_profit > 0.03 and trade.nr_of_successful_exits < 1:
            return -trade.stake_amount / 2
        return None
"""
)

# Its entries know a close three bars later.
LEAKING = SMA.replace("class Sma(", "class Leaking(").replace(
    'dataframe["fast"] > dataframe["slow"], "enter_long"',
    'dataframe["close"].shift(-3) > dataframe["close"], "enter_long"',
)

RECURSIVE = SMA.replace("class Sma(", "class Recursive(").replace(
    ".rolling(50).mean()", ".ewm(span=400, adjust=False).mean()"
)

RAISING = (
    SMA
    + """

class Raising(Sma):
    def custom_stake_amount(self, **kwargs):
        raise RuntimeError("no stake today")
"""
)

GUARDED = (
    SMA
    + """

class Guarded(Sma):
    @property
    def protections(self):
        return [{"method": "CooldownPeriod", "stop_duration_candles": 48}]
"""
)

# Its entry is certain and its stop ten percent away.
ALWAYS = """
from freqtrade.strategy import IStrategy


class Always(IStrategy):
    timeframe = "1h"
    stoploss = -0.1
    minimal_roi = {"0": 10.0}

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe
"""
