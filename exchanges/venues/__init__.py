"""Venues as ports: what is asked of one, and the adapter that asks it through ccxt."""
