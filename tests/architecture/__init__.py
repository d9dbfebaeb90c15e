"""The house rules that linters cannot see."""
