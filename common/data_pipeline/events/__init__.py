"""Order-book events: recordings in, event files out."""
