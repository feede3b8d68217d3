"""Settings of all tests."""

import signal

from hypothesis import settings

# A deadline per example measures the machine and its load, not the code.
settings.register_profile("blindmix", deadline=None)
settings.load_profile("blindmix")

# Whoever is started in the background of a shell script (`make test &`, many a CI) ignores ctrl-C
# and passes that on. The commands that tests start and interrupt must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)
