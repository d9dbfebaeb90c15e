"""Tests of the API plumbing, on a small site of their own."""
