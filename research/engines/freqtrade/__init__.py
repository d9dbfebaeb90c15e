"""Freqtrade: bar by bar through its own backtester, with its stops and protections."""
