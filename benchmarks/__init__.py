"""Claims of speed and memory, one script each; every script prints one JSON document."""
