"""Ratings in, results out: screening, tests, models, figures and the report."""
