"""Backtest engines behind one contract, an adapter each."""
