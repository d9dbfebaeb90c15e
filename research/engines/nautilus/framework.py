"""Import NautilusTrader without what a run does not need."""

from common.domain.loading import light_import
from research.engines.nautilus.errors import translated


def import_nautilus() -> None:
    """Import NautilusTrader, once in a process.

    Raises
    ------
    EngineFailed
        If it cannot be imported.
    """
    # Charts are for its tearsheets, which are not made here; it runs without.
    with translated(), light_import("plotly"):
        import nautilus_trader.backtest.engine  # noqa: F401
