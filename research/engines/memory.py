"""How much memory one run of an engine takes, before it is started."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryModel:
    """Peak resident memory of one run in a process of its own, in bytes, as it was measured.

    Parameters
    ----------
    base
        The process with the framework imported.
    per_bar, per_event
        What each bar and each recorded event adds.
    """

    base: int
    per_bar: int
    per_event: int = 0

    def predict(self, *, bars: int, events: int = 0) -> int:
        """Return the bytes that a run over so many bars and events takes at its peak.

        Examples
        --------
        >>> MemoryModel(base=300_000_000, per_bar=150).predict(bars=1_000_000)
        450000000
        """
        return self.base + self.per_bar * bars + self.per_event * events
