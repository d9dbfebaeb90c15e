"""What a strategy is derived from."""

from trading.exceptions import CircularLineage
from trading.models import Strategy
from trading.selectors.lineage import lineage_ids


def check_origin(*, strategy: Strategy, origin: Strategy | None) -> None:
    """Refuse an origin that descends from the strategy, or is it.

    Raises
    ------
    CircularLineage
        If it does.
    """
    if origin is not None and origin.pk in lineage_ids(strategy.pk):
        raise CircularLineage(
            f"{strategy} cannot be derived from {origin}, which is of its own lineage",
            strategy=strategy.key,
            derived_from=origin.key,
        )
