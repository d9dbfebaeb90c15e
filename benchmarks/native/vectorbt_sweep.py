"""A grid of moving-average crosses written directly against vectorbt, in its documented idiom.

The yardstick of `benchmarks/sweep.py`: the same bars, pairs of windows, rule, costs and fills as
one `run_sweep`, every pair a column of one portfolio, with nothing of the platform in it.
"""

import json
import sys

import numpy as np
import pandas as pd
import vectorbt as vbt

bars = pd.read_csv(sys.argv[1], index_col=0, parse_dates=True)
close, open_ = bars["close"], bars["open"]
windows = np.arange(int(sys.argv[3]), int(sys.argv[4]) + 1)
fast, slow = vbt.MA.run_combs(close, windows, r=2, short_names=["fast", "slow"])
target = fast.ma_above(slow).astype(float).where(slow.ma.notna().to_numpy())
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
metrics = pd.DataFrame({
    "total_return": portfolio.total_return(),
    "sharpe": portfolio.sharpe_ratio(),
    "max_drawdown": portfolio.max_drawdown(),
    "n_round_trips": portfolio.trades.closed.count(),
})
best = metrics[metrics["n_round_trips"] >= 1].sort_values("sharpe", ascending=False).head(10)
print(json.dumps({"sets": len(metrics), "best": best.reset_index().to_dict("records")}))
