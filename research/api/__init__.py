"""Experiments, datasets and runs through the API."""
