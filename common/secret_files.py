"""Secrets that this installation makes for itself, kept in files only the owner reads."""

import os
import secrets
from pathlib import Path


def read_or_create(path: Path) -> str:
    """Return the secret in the file, making a random one (0600) the first time.

    Two processes that start at once agree: the file is created exclusively, and
    whoever comes second reads what the first one wrote.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    if not path.exists():
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            # A hard link, unlike a rename, does not replace what another process made.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii").strip()
