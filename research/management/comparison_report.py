"""A comparison as text for a terminal."""

from typing import Any

from common.commands import columns
from research.domain.verdict import Verdict
from research.selectors.comparison_tables import (
    cause_table,
    engine_table,
    ladder_table,
    pair_table,
)

_SENTENCES = {
    Verdict.EQUAL: "the engines agree",
    Verdict.DIFFERENT: "the engines differ by what they may not",
    Verdict.FAILED: "an engine did not succeed",
    Verdict.SINGLE: "only one engine could run: nothing was compared",
}


def render_comparison(document: dict[str, Any]) -> str:
    """Return engines, pairs, causes and the ladder as tables."""
    verdict = Verdict(document["verdict"])
    heading = f"comparison {document['comparison_id']} {verdict}: {_SENTENCES[verdict]}"
    tables = [
        columns(table)
        for table in (
            engine_table(document), pair_table(document), cause_table(document),
            ladder_table(document),
        )
        if len(table) > 1
    ]  # fmt: skip
    return "\n\n".join([heading, *tables])
