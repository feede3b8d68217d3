"""The API for researchers' programs, below /api/v1: tokens, resources, routes, description."""
