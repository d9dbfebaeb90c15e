"""Statistics of a run, each computed from fills and marks alone."""
