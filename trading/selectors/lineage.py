"""Which strategies count as one when trials are counted."""

from trading.models import Strategy


def lineage_ids(strategy_id: int) -> set[int]:
    """Return the strategy and every one recorded as derived from it, one query a generation."""
    found = {strategy_id}
    generation = found
    while generation:
        children = Strategy.objects.filter(derived_from_id__in=generation)
        generation = set(children.values_list("pk", flat=True)) - found
        found |= generation
    return found
