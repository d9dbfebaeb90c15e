"""Where a result comes from: code, dependencies and machine."""

import hashlib
import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings

# What can change a result; the rest of the platform only stores and shows it.
_RESULT_CODE: Final = (
    "common/domain", "common/indicators", "common/data_pipeline", "portfolio/metrics",
    "trading/strategies", "research/domain", "research/engines",
)  # fmt: skip
# What is made of results.
_JUDGING_CODE: Final = ("research/compute", "research/examination", "research/validation")
# Tests decide nothing, and each strategy of the library has a source hash of its own.
_LEFT_OUT: Final = frozenset({"tests", "library", "__pycache__"})


@cache
def code_hash() -> str:
    """Return a hash over the sources that decide a result, but for those of strategies."""
    return _hash(_RESULT_CODE)


@cache
def judging_hash() -> str:
    """Return a hash over the sources that decide a verdict or what a tool finds."""
    return _hash((*_RESULT_CODE, *_JUDGING_CODE))


def _hash(packages: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for package in packages:
        for folder, folders, files in (settings.BASE_DIR / package).walk():
            folders[:] = sorted(set(folders) - _LEFT_OUT)
            for name in sorted(name for name in files if name.endswith(".py")):
                path = folder / name
                digest.update(str(path.relative_to(settings.BASE_DIR)).encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def lock_hash() -> str:
    """Return the SHA-256 of the file that pins every dependency."""
    return hashlib.sha256(settings.LOCK_FILE.read_bytes()).hexdigest()


def _git_state() -> tuple[str | None, bool | None]:
    """Return the commit and whether tracked files differ from it, None where nobody can tell."""
    if not (settings.BASE_DIR / ".git").exists():
        return None, None  # Inside another project's checkout git would tell of that one.
    words = ("--no-optional-locks", "status", "--porcelain=v2", "--branch")
    command = ["git", "-C", str(settings.BASE_DIR), *words, "--untracked-files=no"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            command, capture_output=True, text=True, check=True, timeout=10
        )
    except (OSError, subprocess.SubprocessError):
        return None, None
    lines = done.stdout.splitlines()
    commits = [line.rpartition(" ")[2] for line in lines if line.startswith("# branch.oid ")]
    is_dirty = any(not line.startswith("#") for line in lines)
    # Before the first commit git writes "(initial)".
    return next((commit for commit in commits if commit != "(initial)"), None), is_dirty


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith(("model name", "Model")):
            return line.partition(":")[2].strip()
    return platform.processor()


@cache
def provenance() -> dict[str, str | int | bool | None]:
    """Return what a run records of the code and the machine, as JSON values.

    `git_commit` and `git_dirty` are null where the platform does not run from
    a checkout, or git is missing or refuses.
    """
    commit, is_dirty = _git_state()
    return {
        "platform_version": settings.PLATFORM_VERSION,
        "git_commit": commit,
        "git_dirty": is_dirty,
        "lock_hash": lock_hash(),
        "python": platform.python_version(),
        "architecture": platform.machine(),
        "cpu": _cpu(),
        "cpus": os.cpu_count(),
    }
