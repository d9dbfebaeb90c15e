"""What promotion means, without a database: stages, gates, thresholds, confirmations."""
