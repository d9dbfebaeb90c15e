"""Tests of fetching, the catalogue, the API and the pages of market data."""
