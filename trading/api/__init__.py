"""Strategies through the API."""
