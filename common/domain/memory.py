"""How much memory this process has held."""

import resource


def peak_rss_bytes() -> int:
    """Return the most resident memory of this process, or of a child that ended if it had more.

    Notes
    -----
    The two are not added: between fork and exec a child holds its parent's memory, and
    the kernel counts that as its own. `git` would double what a run has taken.
    """
    whom = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(who).ru_maxrss for who in whom) * 1024
