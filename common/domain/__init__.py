"""Value types, enumerations, errors and time: standard library and NumPy only."""
