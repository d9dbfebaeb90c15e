"""What differs between runs of one question, why, and what it costs."""
