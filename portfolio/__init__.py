"""What is held and how it performed."""
