"""Technical indicators and their registry."""
