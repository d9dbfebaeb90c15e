"""NautilusTrader: every order through its risk engine, venue and account, event by event."""
