"""What Freqtrade raises, as the platform's error."""

from collections.abc import Iterator
from contextlib import contextmanager

from common.domain.errors import PlatformError
from research.engines.exceptions import EngineFailed


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of Freqtrade's own code inside this block into EngineFailed.

    Raises
    ------
    EngineFailed
        From the error, which stays its cause.
    PlatformError
        If it is one already.
    """
    try:
        yield
    except PlatformError:
        raise
    # Freqtrade, its exchanges and a person's strategy raise what they like, sys.exit included.
    except (Exception, SystemExit) as e:
        raise EngineFailed(f"freqtrade failed: {type(e).__name__}: {e}", engine="freqtrade") from e
