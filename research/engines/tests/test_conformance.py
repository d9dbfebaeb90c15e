"""Every registered engine through the conformance suite."""

from research.engines.tests.conformance import EngineConformance


class TestEveryEngine(EngineConformance):
    """The suite, once for each engine of the registry."""
