"""The strategies that ship with the platform."""
