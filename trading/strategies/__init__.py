"""Strategies: contract, registry and library; no Django."""
