"""Numbers that a venue gives its messages, and those that came twice."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

# Two connections of one recorder repeat what lies a few seconds back, no more.
_REMEMBERED: Final = 20_000


@dataclass(slots=True)
class Repeats:
    """The latest messages of one kind, in the order of the recording.

    Attributes
    ----------
    count
        How many messages repeated an earlier one exactly.
    """

    count: int = 0
    _seen: dict[Hashable, int] = field(default_factory=dict)

    def is_repeated(self, number: Hashable, content: int) -> bool:
        """Tell whether a message was there before, and remember it if not.

        Parameters
        ----------
        number
            What the venue calls it.
        content
            Hash of all that it says.

        Raises
        ------
        ValueError
            If another message was called so.
        """
        known = self._seen.get(number)
        if known is None:
            self._seen[number] = content
            if len(self._seen) > _REMEMBERED:
                del self._seen[next(iter(self._seen))]
            return False
        if known != content:
            raise ValueError(f"another message with the number {number} says something else")
        self.count += 1
        return True
