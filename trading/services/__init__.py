"""Write operations on strategies."""
