"""Experiments: runs of strategies on backtest engines, and their ledger."""
