"""Which sets of parameters a search tries next; no Django, and Optuna only where it works."""
