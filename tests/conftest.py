"""Settings of all tests."""

import shutil
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from tests.driving import BROWSER_TIMEOUT_MS

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)

# A deadline per example measures the machine and its load, not the code.
settings.register_profile("blindmix", deadline=None)
settings.load_profile("blindmix")
expect.set_options(timeout=BROWSER_TIMEOUT_MS / 2)

# Whoever is started in the background of a shell script (`make test &`, many a CI) ignores ctrl-C
# and passes that on. The commands that tests start and interrupt must hear it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium without a window."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here: tests/install_programs.sh installs it")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One participant's browser: its own storage, closed after the test."""
    made = browser.new_context(viewport={"width": 1100, "height": 900})
    made.set_default_timeout(BROWSER_TIMEOUT_MS)
    yield made
    made.close()
