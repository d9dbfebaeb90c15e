"""Journeys of a user, one file each."""
