"""What vectorbt raises, as the platform's error."""

from collections.abc import Iterator
from contextlib import contextmanager

from research.engines.exceptions import EngineFailed


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of vectorbt's own code inside this block into EngineFailed.

    Raises
    ------
    EngineFailed
        From the error, which stays its cause.
    """
    try:
        yield
    except (ArithmeticError, ImportError, LookupError, RuntimeError, TypeError, ValueError) as e:
        raise EngineFailed(f"vectorbt failed: {type(e).__name__}: {e}", engine="vectorbt") from e
