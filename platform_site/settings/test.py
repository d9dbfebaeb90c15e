"""Settings of the test suite: real servers, folders of its own, cheap passwords."""

import atexit
import shutil
import tempfile
from pathlib import Path

from platform_site.settings.base import *  # noqa: F403 - that is what a settings module is

_ROOT = Path(tempfile.mkdtemp(prefix="assay-test-"))
atexit.register(shutil.rmtree, _ROOT, ignore_errors=True)
VAR = _ROOT
STORE_ROOT = _ROOT / "market_data"
ARTEFACT_ROOT = _ROOT / "artefacts"
STRATEGY_FOLDER = _ROOT / "strategies"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in production: two connections must be able to meet in it.
    DATABASES["default"]["TEST"] = {"NAME": _ROOT / "test.sqlite3"}  # noqa: F405
else:
    # Threads of a test that end must not leave pooled connections behind.
    DATABASES["default"]["OPTIONS"].pop("pool", None)  # noqa: F405
