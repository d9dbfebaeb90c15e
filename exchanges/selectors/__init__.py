"""Read operations on venues, instruments and series."""
