"""Which metrics people see first, and how they are written."""

from typing import Final

METRICS: Final = (
    ("total_return", "net return", "percent"),
    ("benchmark_return", "buy and hold", "percent"),
    ("cagr", "return a year", "percent"),
    ("volatility", "volatility a year", "percent"),
    ("sharpe", "Sharpe", "number"),
    ("sortino", "Sortino", "number"),
    ("max_drawdown", "maximum drawdown", "percent"),
    ("n_round_trips", "round trips", "count"),
    ("win_rate", "won", "percent"),
    ("profit_factor", "profit factor", "number"),
    ("exposure", "time in the market", "percent"),
    ("fees", "fees", "number"),
    ("funding_paid", "funding paid", "number"),
)


def format_metric(value: float | None, form: str) -> str:
    """Return a metric for people; what has no value is a dash, never a zero."""
    if value is None:
        return "-"
    if form == "percent":
        return f"{value:.2%}"
    return f"{value:,.0f}" if form == "count" else f"{value:,.2f}"
