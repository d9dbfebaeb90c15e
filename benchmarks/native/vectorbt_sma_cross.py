"""A moving-average cross written directly against vectorbt, in its documented idiom.

The yardstick of `benchmarks/run_backtest.py`: the same bars, indicators, rule, costs, fills
and statistics as one `run_backtest`, with nothing of the platform in it.
"""

import json
import sys

import pandas as pd
import vectorbt as vbt

bars = pd.read_csv(sys.argv[1], index_col=0, parse_dates=True)
close, open_ = bars["close"], bars["open"]
fast = vbt.MA.run(close, window=10).ma
slow = vbt.MA.run(close, window=50).ma
target = (fast > slow).astype(float).where(slow.notna())
changed = target.where(target != target.ffill().shift(1).fillna(0))
portfolio = vbt.Portfolio.from_orders(
    close,
    size=changed.shift(1),
    size_type="targetpercent",
    price=open_,
    val_price=close.shift(1),
    fees=0.001,
    init_cash=10_000,
    freq=sys.argv[2],
)
fills = portfolio.orders.records_readable
print(
    json.dumps({
        "fills": fills.astype(str).to_dict("records"),
        "equity": [portfolio.value().iloc[0], portfolio.value().iloc[-1], len(bars)],
        "metrics": portfolio.stats().astype(str).to_dict(),
    })
)
