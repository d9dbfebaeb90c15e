"""The API plumbing that every viewset uses."""
