"""What hftbacktest and Numba raise, as the platform's error."""

from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import ArgumentError
from typing import Final

from common.domain.errors import PlatformError
from research.engines.exceptions import EngineFailed

# What the library's functions return instead of raising, by its names; 0 to 3 are no errors.
_CODES: Final = {
    10: "OrderIdExist",
    11: "OrderRequestInProcess",
    12: "OrderNotFound",
    13: "InvalidOrderRequest",
    14: "InvalidOrderStatus",
    15: "EndOfData",
    100: "DataError: an event file cannot be read",
}
_LAST_GOOD: Final = 3
_FOREIGN: Final = (
    ArgumentError, ArithmeticError, AssertionError, AttributeError, ImportError, LookupError,
    OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of hftbacktest's own code inside this block into EngineFailed.

    Raises
    ------
    EngineFailed
        From the error, which stays its cause.
    PlatformError
        As it is, if it is one of ours.
    """
    try:
        yield
    except PlatformError:
        # Some are ValueErrors, and say what they have to say themselves.
        raise
    except _FOREIGN as e:
        raise EngineFailed(
            f"hftbacktest failed: {type(e).__name__}: {e}", engine="hftbacktest"
        ) from e


def check_code(code: int) -> None:
    """Refuse what a function of the library returns where it failed.

    Raises
    ------
    EngineFailed
        If the code is that of an error.
    """
    if 0 <= code <= _LAST_GOOD:
        return
    name = _CODES.get(code, "unknown error")
    raise EngineFailed(f"hftbacktest failed with code {code}: {name}", engine="hftbacktest")
