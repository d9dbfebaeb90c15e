"""Django settings: base for every process, test for the suite."""
