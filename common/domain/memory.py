"""How much memory this process has held."""

from pathlib import Path


def peak_rss_bytes() -> int:
    """Return the most resident memory this process has held since its program began.

    Raises
    ------
    OSError
        If the kernel does not tell.

    Notes
    -----
    `VmHWM` of `/proc/self/status` (proc(5)). Not `getrusage`: its figure outlives exec, so
    that a small program started by a large one is counted with the large one's memory,
    and so is every child that this process starts (`git`, for one).
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmHWM in /proc/self/status")
