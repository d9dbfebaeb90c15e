"""The small market and its runs, for tests of the whole site."""

from research.tests.conftest import ask, enqueue, fake_broker, installation, store

__all__ = ["ask", "enqueue", "fake_broker", "installation", "store"]
