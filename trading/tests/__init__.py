"""Tests of strategies as rows, through the API and in the back office."""
