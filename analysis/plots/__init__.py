"""Figures: each function takes results, draws into an Axes, and returns it. None runs a test."""
