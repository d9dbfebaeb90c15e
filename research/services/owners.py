"""The names of processes that run runs, and whether such a process is still there."""

import os
import platform
from pathlib import Path


def process_name() -> str:
    """Return a name of this process that no other on the machine has had since it started."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return f"{platform.node()}/{os.getpid()}/{fields[19]}"


def is_alive(owner: str) -> bool:
    """Tell whether a process may still be there; of another machine's nobody can tell here."""
    host, pid, started = owner.split("/")
    if host != platform.node():
        return True
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[19] == started
