"""Checks of the whole: the house rules, journeys of a user, load."""
