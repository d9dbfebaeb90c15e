"""Write operations on venues, instruments and series."""
