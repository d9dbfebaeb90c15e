"""Venues, instruments, series and bars through the API."""
