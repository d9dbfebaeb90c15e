"""The terminal as a user has it: a command line in, status and both streams out."""

import os
import subprocess
import sys

from common.tests.terminal import Done, run
from tests.architecture.test_files import ROOT

__all__ = ["Done", "manage", "run", "start"]


def start(*words: object, **environment: str) -> subprocess.Popen[str]:
    """Start `manage.py` with these words as a process of its own."""
    settings = {"DJANGO_SETTINGS_MODULE": "platform_site.settings.base"}
    return subprocess.Popen(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=ROOT,
        env={**os.environ, **settings, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def manage(*words: object, **environment: str) -> Done:
    """Run `manage.py` with these words as a process of its own, to its end."""
    with start(*words, **environment) as process:
        out, err = process.communicate()
    return Done(process.returncode, out, err)
