"""Facts of a run as tables for people."""

from typing import Any

from research.models import Run
from research.selectors.fact_pages import describe_fills, read_fact_page
from research.selectors.facts import artefact_of


def latest_fills(run: Run, *, count: int) -> dict[str, list[Any]]:
    """Return the last fills of a run, newest first.

    Raises
    ------
    ArtefactDamaged
        If the file is not what the run left.
    """
    artefact = artefact_of(run, "fills")
    before = max(0, artefact.rows - count) if artefact else 0
    page = read_fact_page(run, "fills", start_ns=None, end_ns=None, offset=before, limit=count)
    fills = describe_fills(page.columns) if len(page) else []
    rows = [
        [fill["ts"], fill["side"], fill["price"], fill["quantity"], f"{fill['fee']:.8g}"]
        for fill in reversed(fills)
    ]
    return {"headers": ["time", "side", "price", "quantity", "fee"], "rows": rows}
