"""The mixing systems: pure signal code that knows no song files and no web."""
