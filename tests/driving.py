"""How tests drive a participant's pages in Chromium."""

from __future__ import annotations

import json
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

BROWSER_TIMEOUT_MS = 60_000
"""Long, as the machine may be busy; what hangs is found all the same."""


def begin(page: Page, address: str, slug: str = "test") -> Page:
    """Join a study by its link; the same page, where the run begins."""
    page.goto(f"{address}/studies/{slug}/")
    page.get_by_role("button", name="Start").click()
    return page


def data_of(page: Page) -> dict[str, Any]:
    """What the page's script is told."""
    data: dict[str, Any] = json.loads(page.locator("#page-data").text_content() or "{}")
    return data


def ready(page: Page) -> list[dict[str, str]]:
    """Wait until a rating page can be used; its stimuli."""
    page.locator("#next").wait_for()
    stimuli: list[dict[str, str]] = data_of(page)["stimuli"]
    return stimuli


def expect_accessible(page: Page) -> None:
    """What axe-core finds is nothing, the rules that it leaves out by default included."""
    found = Axe().run(page, options={"rules": {"target-size": {"enabled": True}}})
    assert found.violations_count == 0, (page.url, found.generate_report())


def leave(page: Page) -> None:
    """Press the button that ends a rating page, and wait for the next page."""
    here = page.url
    page.locator("#next").click()
    page.wait_for_url(lambda url: url != here)


def press_on(page: Page, name: str) -> None:
    """Press a button by keyboard, and wait for the next page."""
    before = page.url
    page.get_by_role("button", name=name).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before)


def drag(page: Page, label: str, score: float) -> None:
    """Drag a marker of APE to a place on the axis."""
    marker = page.get_by_role("slider", name=f"Mix {label}").bounding_box()
    field = page.locator(".ape-field").bounding_box()
    assert marker is not None
    assert field is not None
    page.mouse.move(marker["x"] + 20, marker["y"] + 20)
    page.mouse.down()
    page.mouse.move(marker["x"] + 40, marker["y"] + 10, steps=2)
    page.mouse.move(field["x"] + field["width"] * score / 100, field["y"] + 60, steps=3)
    page.mouse.up()


def shown_scores(page: Page) -> dict[str, float]:
    """What the screen of an APE page says, by opaque id."""
    return {
        stimulus["id"]: float(
            page.get_by_role("slider", name=f"Mix {stimulus['label']}").get_attribute(
                "aria-valuenow"
            )
            or "nan"
        )
        for stimulus in data_of(page)["stimuli"]
    }
