"""The small market and its runs, for tests of the whole site."""

from research.tests.conftest import ask, installation, store

__all__ = ["ask", "installation", "store"]
