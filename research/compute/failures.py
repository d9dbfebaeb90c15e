"""What a person is told of an error that nobody anticipated."""

from pathlib import Path
from traceback import walk_tb


def describe_error(error: BaseException) -> str:
    """Return an error's type, text and place in one line."""
    frames = list(walk_tb(error.__traceback__))
    frame, line = frames[-1]
    return f"{type(error).__name__}: {error} ({Path(frame.f_code.co_filename).name}, line {line})"
