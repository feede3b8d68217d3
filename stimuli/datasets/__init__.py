"""Loaders: each reads one layout on disk and yields multitracks lazily."""
