"""Database backends of Django with what the platform's fields need."""
