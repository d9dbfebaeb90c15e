"""Value types of research; no Django."""
