"""Read operations on strategies."""
