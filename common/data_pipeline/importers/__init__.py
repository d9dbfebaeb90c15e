"""Readers of published files, one module a layout."""
