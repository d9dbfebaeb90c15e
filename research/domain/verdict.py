"""What a comparison came to."""

from enum import StrEnum


class Verdict(StrEnum):
    """Whether engines agree."""

    EQUAL = "EQUAL"
    """Every pair does, apart from what they may differ by."""

    DIFFERENT = "DIFFERENT"
    """A pair differs by more than a millionth of equity."""

    FAILED = "FAILED"
    """An engine that was asked did not succeed."""

    SINGLE = "SINGLE"
    """Only one engine could run, so that nothing was compared."""
