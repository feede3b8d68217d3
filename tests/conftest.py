"""Settings of all tests."""

from hypothesis import settings

# A deadline per example measures the machine and its load, not the code.
settings.register_profile("blindmix", deadline=None)
settings.load_profile("blindmix")
