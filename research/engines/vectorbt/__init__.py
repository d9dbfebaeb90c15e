"""vectorbt: whole arrays of orders at once, by its Rust engine."""
