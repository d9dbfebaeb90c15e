"""A comparison as text for a terminal."""

from typing import Any

from common.commands import columns
from research.selectors.comparison_tables import (
    cause_table,
    engine_table,
    ladder_table,
    pair_table,
    verdict_sentence,
)


def render_comparison(document: dict[str, Any]) -> str:
    """Return engines, pairs, causes and the ladder as tables."""
    verdict = document["verdict"]
    heading = f"comparison {document['comparison_id']} {verdict}: {verdict_sentence(verdict)}"
    tables = [
        columns(table)
        for table in (
            engine_table(document), pair_table(document), cause_table(document),
            ladder_table(document),
        )
        if len(table) > 1
    ]  # fmt: skip
    return "\n\n".join([heading, *tables])
