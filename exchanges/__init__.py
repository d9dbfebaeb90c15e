"""Venues, instruments and the market data stored of them."""
