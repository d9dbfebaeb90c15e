"""What the evidence for a strategy is worth, from arrays alone."""
