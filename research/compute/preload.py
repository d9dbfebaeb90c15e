"""What the fork server imports before it forks: the engines, and all that a job needs.

The server imports this module by name, with what to prepare in its environment; anywhere
else there is nothing to prepare.
"""

import gc
import json
import os
import sys
from importlib import import_module

from research.engines.exceptions import EngineFailed, EngineNotInstalled, UnknownEngine
from research.engines.registry import get_engine
from trading.strategies.registry import LIBRARY

VARIABLE = "ASSAY_FORK_SERVER"


def prepare(*, engines: list[str], cpus: list[int]) -> None:
    """Pin this process to its CPUs and import what its children would.

    An engine that cannot be imported is named on stderr; its jobs will fail with the same
    error, those of the others are not touched by it.
    """
    if cpus:
        os.sched_setaffinity(0, cpus)
    import pyarrow.ipc  # noqa: F401 - for the children

    for path in {path.rpartition(".")[0] for path in LIBRARY.values()}:
        import_module(path)
    for name in engines:
        try:
            get_engine(name).preload()
        except (EngineFailed, EngineNotInstalled, UnknownEngine) as error:
            sys.stderr.write(f"engine {name} is not preloaded: {error.detail}\n")
    import_module("research.compute.child")
    gc.collect()
    # A collector that touches what is shared would copy it into every child.
    gc.freeze()


if VARIABLE in os.environ:
    prepare(**json.loads(os.environ[VARIABLE]))
