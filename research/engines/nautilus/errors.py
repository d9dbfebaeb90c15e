"""What NautilusTrader raises, as the platform's error."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.domain.errors import PlatformError
from research.engines.exceptions import EngineFailed


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors inside this block into EngineFailed; the platform's own pass through.

    Raises
    ------
    EngineFailed
        From the error, which stays its cause.
    PlatformError
        As it was raised.

    Notes
    -----
    A strategy file runs inside this block too, so that any kind of error may come.
    """
    try:
        yield
    except PlatformError:
        raise
    except Exception as e:
        raise EngineFailed(f"nautilus failed: {type(e).__name__}: {e}", engine="nautilus") from e
