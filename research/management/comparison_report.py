"""A comparison as text for a terminal."""

from typing import Any

from common.commands import columns
from research.domain.verdict import Verdict
from research.selectors.comparisons import by_cause

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


def engine_table(document: dict[str, Any]) -> list[list[str]]:
    """Return a row for each engine."""
    rows = [["engine", "run", "status", "fills", "final equity"]]
    for name, row in document["engines"].items():
        status = row["status"] + (f": {row['detail']}" if "detail" in row else "")
        rows.append([
            name,
            _cell(row["run_id"]),
            status,
            _cell(row["n_fills"]),
            _money(row["final_equity"]),
        ])
    return rows


def pair_table(document: dict[str, Any]) -> list[list[str]]:
    """Return a row for each pair of engines."""
    rows = [["pair", "matched", "missing", "extra", "price", "quantity", "final equity"]]
    rows += [
        [
            f"{pair['a']} - {pair['b']}",
            *(str(pair[name]) for name in ("matched", "missing", "extra")),
            f"{pair['max_price_diff']:.3g}",
            f"{pair['max_quantity_diff']:.3g}",
            f"{pair['final_equity_rel_diff']:.3g}",
        ]
        for pair in document["pairs"]
    ]
    return rows


def cause_table(document: dict[str, Any]) -> list[list[str]]:
    """Return a row for each cause of each pair."""
    rows = [["pair", "cause", "differences", "money", ""]]
    rows += [
        [
            f"{row['a']} - {row['b']}",
            row["cause"],
            str(row["count"]),
            f"{row['money']:+,.8g}",
            "admissible" if row["admissible"] else "",
        ]
        for row in by_cause(document)
    ]
    return rows


def ladder_table(document: dict[str, Any]) -> list[list[str]]:
    """Return a row for each rung of the ladder."""
    rows = [["rung", "engine", "run", "final equity", "return", "cost", "of the profit"]]
    for row in document.get("ladder", ()):
        if row["reason"]:
            rows.append([
                row["rung"],
                _cell(row["engine"]),
                _cell(row["run_id"]),
                row["reason"],
                "",
                "",
                "",
            ])
            continue
        share = "-" if row["cost_share"] is None else f"{row['cost_share']:.2%}"
        rows.append([
            row["rung"], row["engine"], str(row["run_id"]), _money(row["final_equity"]),
            f"{row['total_return']:.2%}", _money(row["cost"]), share,
        ])  # fmt: skip
    return rows


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
