"""Numbers that a venue gives its messages: what is missing, and what came twice."""

from dataclasses import dataclass, field
from typing import Final

# Two connections of one recorder repeat what lies a few seconds back, no more.
_REMEMBERED: Final = 20_000


@dataclass(slots=True)
class Chain:
    """The numbered messages of one kind, in the order of the recording.

    Attributes
    ----------
    last
        The greatest number so far; None before the first.
    duplicates
        How many messages repeated an earlier one exactly.
    """

    last: int | None = None
    duplicates: int = 0
    _seen: dict[int, int] = field(default_factory=dict)

    def is_repeated(self, number: int, content: int) -> bool:
        """Tell whether a message was there before, and remember it if not.

        Parameters
        ----------
        number
            What the venue numbers it.
        content
            Hash of all that it says.

        Raises
        ------
        ValueError
            If another message had that number.
        """
        if self.last is None or number > self.last:
            self.last = number
        known = self._seen.get(number)
        if known is None:
            self._seen[number] = content
            if len(self._seen) > _REMEMBERED:
                del self._seen[next(iter(self._seen))]
            return False
        if known != content:
            raise ValueError(f"another message with the number {number} says something else")
        self.duplicates += 1
        return True
