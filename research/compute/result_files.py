"""What a child leaves in its folder: facts as Arrow files, or the error it ended with."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from common.domain.fills import FILL_DTYPE
from common.domain.funding import FUNDING_DTYPE
from research.compute.arrow_files import read_columns, read_records, write_columns, write_records
from research.compute.exceptions import InvalidJobFile
from research.compute.job_files import RESULT, JobError, read_document, write_document
from research.domain.backtest import BacktestResult

_FILLS: Final = "fills.arrow"
_EQUITY: Final = "equity.arrow"
_FUNDING: Final = "paid_funding.arrow"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """How a child ended: with facts or with an error.

    Parameters
    ----------
    engine_seconds
        What the engine took, None if it did not run to its end.
    peak_rss_bytes
        The most resident memory that the child held itself.
    """

    facts: BacktestResult | None
    error: JobError | None
    engine_seconds: float | None
    peak_rss_bytes: int


def write_result(folder: Path, result: JobResult) -> None:
    """Write how it ended; `result.json` comes last."""
    facts = result.facts
    document: dict[str, Any] = {
        "engine_seconds": result.engine_seconds,
        "peak_rss_bytes": result.peak_rss_bytes,
        "error": None if result.error is None else asdict(result.error),
    }
    if facts is not None:
        write_records(folder / _FILLS, facts.fills)
        write_records(folder / _FUNDING, facts.funding)
        write_columns(folder / _EQUITY, {"equity": facts.equity})
        document["facts"] = {
            "engine": facts.engine,
            "engine_version": facts.engine_version,
            "cash": facts.cash,
            "quantity": facts.quantity,
            "skipped_orders": facts.skipped_orders,
            "ruined": facts.ruined,
        }
    write_document(folder / RESULT, document)


def read_result(folder: Path) -> JobResult:
    """Return how a child ended.

    Raises
    ------
    InvalidJobFile
        If a file is missing or does not hold what it must.
    """
    document = read_document(folder / RESULT)
    facts = document.get("facts")
    try:
        return JobResult(
            facts=_read_facts(folder, facts) if facts else None,
            error=JobError(**document["error"]) if document["error"] else None,
            engine_seconds=document["engine_seconds"],
            peak_rss_bytes=int(document["peak_rss_bytes"]),
        )
    except (KeyError, TypeError) as e:
        raise InvalidJobFile(f"{RESULT}: {e!r}", file=RESULT) from e


def _read_facts(folder: Path, document: dict[str, Any]) -> BacktestResult:
    return BacktestResult(
        fills=read_records(folder / _FILLS, FILL_DTYPE),
        funding=read_records(folder / _FUNDING, FUNDING_DTYPE),
        # A copy: the file goes with the folder.
        equity=read_columns(folder / _EQUITY)["equity"].copy(),
        **document,
    )
