"""Read operations of research."""
