"""What was proven of a strategy version, and from what."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from common.domain.canonical import canonical_hash
from trading.domain.gates import FoundGate, Measures, read_gates


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is promoted besides the strategy version: one set of parameters, in one setting.

    Parameters
    ----------
    params
        The whole set, defaults included.
    setting
        Engine, venue, instrument, timeframe, costs, sizing, account, rebalancing and the
        engine's settings, as JSON values. Equal settings are equal questions, whatever the
        period, the cash or the seed.
    """

    params: Mapping[str, Any]
    setting: Mapping[str, Any]

    def config_hash(self, *, strategy: str, source_hash: str) -> str:
        """Return the name of the whole: what has a stage.

        Parameters
        ----------
        strategy, source_hash
            Key of the strategy, and the hash of its source.
        """
        return canonical_hash({
            "strategy": strategy,
            "source_hash": source_hash,
            "params": dict(self.params),
            "setting": dict(self.setting),
        })


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a verdict found, and the rows and hashes from which it can be looked up.

    Parameters
    ----------
    passed
        The verdict.
    source_hash
        Of the source that was judged.
    judged_at
        When, aware, UTC.
    gates, measures
        What was found.
    references
        Numbers of the validation, runs, comparison and sweeps; hashes of bars and platform.
    """

    passed: bool
    source_hash: str
    judged_at: datetime
    gates: tuple[FoundGate, ...]
    measures: Measures
    references: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values, from which `from_json` makes an equal one."""
        return {
            "passed": self.passed,
            "source_hash": self.source_hash,
            "judged_at": self.judged_at.isoformat(),
            "gates": [asdict(gate) for gate in self.gates],
            "measures": asdict(self.measures),
            "references": dict(self.references),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Evidence":
        """Return the evidence of a document that `to_json` wrote."""
        return cls(
            passed=document["passed"],
            source_hash=document["source_hash"],
            judged_at=datetime.fromisoformat(document["judged_at"]),
            gates=read_gates(document["gates"]),
            measures=Measures(**document["measures"]),
            references=document["references"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A subject with the evidence for it."""

    subject: Subject
    evidence: Evidence
