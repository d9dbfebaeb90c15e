"""SQLite, refusing what it would answer wrongly about exact decimals."""
