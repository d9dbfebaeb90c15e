"""A command line in this process: what is typed in, status and both streams out."""

import contextlib
import io
import json
from dataclasses import dataclass
from typing import Any

from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Done:
    """What a command left on the screen."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)


def run(*words: object) -> Done:
    """Run `manage.py` with these words, in this process and on the test's database."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            call_command(*map(str, words))
        except CommandError:
            # From the command line argparse says this itself and exits with 2.
            status = 2
        except SystemExit as ended:
            status = ended.code if isinstance(ended.code, int) else 1
    return Done(status, out.getvalue(), err.getvalue())
