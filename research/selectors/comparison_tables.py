"""A comparison of engines as tables and a chart for people."""

from typing import Any, Final

from research.domain.verdict import Verdict
from research.selectors.comparisons import by_cause

type Table = list[list[str]]

_COMPARED: Final = ("price", "quantity", "final equity")
_POOLED: Final = "within_tolerance"


_SENTENCES: Final = {
    Verdict.EQUAL: "the engines agree",
    Verdict.DIFFERENT: "the engines differ by what they may not",
    Verdict.FAILED: "an engine did not succeed",
    Verdict.SINGLE: "only one engine could run: nothing was compared",
}


def verdict_sentence(verdict: str) -> str:
    """Return what a verdict says."""
    return _SENTENCES[Verdict(verdict)]


def engine_table(document: dict[str, Any]) -> Table:
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


def pair_table(document: dict[str, Any]) -> Table:
    """Return a row for each pair of engines."""
    rows = [["pair", "matched", "missing", "extra", *(f"{what} differs by" for what in _COMPARED)]]
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


def cause_table(document: dict[str, Any]) -> Table:
    """Return a row for each cause of each pair."""
    rows = [["pair", "cause", "differences", "money", ""]]
    rows += [
        [
            f"{row['a']} - {row['b']}",
            row["cause"],
            str(row["count"]),
            _signed(row["money"]),
            "admissible" if row["admissible"] else "",
        ]
        for row in by_cause(document)
    ]
    return rows


def ladder_table(document: dict[str, Any]) -> Table:
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


def difference_table(document: dict[str, Any], *, most: int) -> Table:
    """Return a row for each of the dearest differences above the tolerances."""
    above = [each for each in document["differences"] if each["cause"] != _POOLED]
    dearest = sorted(above, key=lambda each: -abs(each["money"]))[:most]
    rows = [["pair", "cause", "since", "side", "round trip", "differences", "money"]]
    rows += [
        [
            f"{each['a']} - {each['b']}",
            each["cause"],
            _cell(each["ts"]),
            _cell(each["side"]),
            str(each["round_trip"]),
            str(each["count"]),
            _signed(each["money"]),
        ]
        for each in dearest
    ]
    return rows


def ladder_chart(document: dict[str, Any]) -> dict[str, Any] | None:
    """Return the return of each rung that was climbed for a bar chart, or None."""
    climbed = [row for row in document.get("ladder", ()) if row["final_equity"] is not None]
    if not climbed:
        return None
    return {
        "labels": [row["rung"] for row in climbed],
        "datasets": [
            {
                "label": "total return, %",
                "data": [100 * row["total_return"] for row in climbed],
                "backgroundColor": "var(--color-primary-600)",
                "maxBarThickness": 80,
                "displayYAxis": True,
            },
        ],
    }


def _signed(money: float) -> str:
    return f"{money:+,.8g}"


def _cell(value: object) -> str:
    return "-" if value is None else str(value)


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}"
