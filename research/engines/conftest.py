"""What cannot be collected where an engine is not installed."""

import os

from research.engines.registry import list_engines

# A continuous integration that misses an engine fails to import it, and must.
collect_ignore_glob = [
    pattern
    for engine in list_engines()
    if not engine.installed and not os.environ.get("CI")
    for pattern in (
        f"{engine.name}/*.py",
        f"tests/{engine.name}*.py",
        f"tests/test_{engine.name}*.py",
    )
]
