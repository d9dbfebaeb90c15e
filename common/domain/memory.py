"""How much memory this process has held."""

import resource


def peak_rss_bytes() -> int:
    """Return the most resident memory of this process, and of its ended children beside it."""
    whom = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(who).ru_maxrss for who in whom) * 1024
