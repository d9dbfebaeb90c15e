"""Write operations of research: runs and their ledger."""
