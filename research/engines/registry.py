"""Every engine by its name; its framework is imported when it first runs."""

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from research.engines.base import BacktestEngine
from research.engines.capabilities import Capabilities
from research.engines.exceptions import EngineNotInstalled, UnknownEngine

ENGINES: Final = {
    "freqtrade": "research.engines.freqtrade.engine.FreqtradeEngine",
    "hftbacktest": "research.engines.hftbacktest.engine.HftbacktestEngine",
    "nautilus": "research.engines.nautilus.engine.NautilusEngine",
    "vectorbt": "research.engines.vectorbt.engine.VectorbtEngine",
}
_INSTALL: Final = "pip install -r requirements.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineDescription:
    """What a list shows of an engine; `version` is None where it is not installed."""

    name: str
    version: str | None
    capabilities: dict[str, bool]

    @property
    def installed(self) -> bool:
        """Whether it can run here."""
        return self.version is not None

    def describe(self) -> dict[str, Any]:
        """Return the description as JSON values; `install` says how to get what is missing."""
        facts = {
            "name": self.name,
            "version": self.version,
            "installed": self.installed,
            "capabilities": self.capabilities,
        }
        return facts if self.installed else {**facts, "install": _INSTALL}


def get_engine(name: str) -> BacktestEngine:
    """Return the engine of that name, ready to run.

    Raises
    ------
    UnknownEngine
        If there is none; the message lists those there are.
    EngineNotInstalled
        If its package is missing; the message says how to get it.
    """
    engine = _load(name)
    if _installed_version(engine) is None:
        raise EngineNotInstalled(
            f"engine {name} needs {engine.requirement}, which is not installed: {_INSTALL}",
            engine=name,
            requirement=engine.requirement,
            install=_INSTALL,
        )
    return engine


def capabilities(name: str) -> Capabilities:
    """Return what an engine can do, installed or not.

    Raises
    ------
    UnknownEngine
        If there is none of that name.
    """
    return _load(name).capabilities


def engine_version(name: str) -> str:
    """Return the installed version of an engine, without importing its framework.

    Raises
    ------
    UnknownEngine, EngineNotInstalled
        As `get_engine`.
    """
    return version(get_engine(name).distributions[0])


def list_engines() -> list[EngineDescription]:
    """Describe every engine, installed or not, without importing its framework."""
    return [
        EngineDescription(
            name=name,
            version=_installed_version(engine),
            capabilities=engine.capabilities.describe(),
        )
        for name, engine in ((name, _load(name)) for name in ENGINES)
    ]


def _load(name: str) -> BacktestEngine:
    if name not in ENGINES:
        raise UnknownEngine(f"unknown engine {name!r}; known: {', '.join(ENGINES)}", engine=name)
    module, _, kind = ENGINES[name].rpartition(".")
    engine: BacktestEngine = getattr(import_module(module), kind)()
    return engine


def _installed_version(engine: BacktestEngine) -> str | None:
    try:
        found = [version(distribution) for distribution in engine.distributions]
    except PackageNotFoundError:
        return None
    return found[0]
