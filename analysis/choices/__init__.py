"""Choices instead of scores: which of two is better, which one is X, who comes first."""
