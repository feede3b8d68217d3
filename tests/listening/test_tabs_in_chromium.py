"""Two tabs of one participant complete each other, in texts and questions as well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.driving import begin, leave, ready

pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUESTIONS = [
    {"key": "age", "question": "Age?", "type": "number"},
    {"key": "plays", "question": "Instrument?"},
]


def two_tabs(context: BrowserContext, address: str) -> tuple[Page, Page]:
    first = begin(context.new_page(), address)
    first.wait_for_url("**/p/**")
    second = context.new_page()
    second.goto(first.url)
    return first, second


def saved(page: Page) -> None:
    expect(page.locator("#save-status")).to_have_text("All answers saved")


def write(page: Page, label: str, text: str) -> None:
    page.get_by_label(label).fill(text)
    saved(page)


def test_the_newer_remark_stays_whichever_tab_saves_last(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    add_study(
        manifest=str(sounds), interface="multistimulus", pages=["ratings"],
        options={"comments": True, "stimulus_comments": True},
    )  # fmt: skip
    first, second = two_tabs(context, address)
    for tab in (first, second):
        ready(tab)
        tab.get_by_text("Remarks on each mix").click()
    write(first, "Your remarks on this page", "dull")
    write(first, "Your remarks on A", "thin")
    write(second, "Your remarks on B", "loud")
    expect(second.get_by_label("Your remarks on this page")).to_have_value("dull")
    write(first, "Your remarks on this page", "dull, later bright")
    # The second tab still holds the older remark, and changed nothing in it.
    second.get_by_role("slider", name="Rating of A:").press("ArrowUp")
    saved(second)
    for tab in (first, second):
        tab.reload()
        ready(tab)
        expect(tab.get_by_label("Your remarks on this page")).to_have_value("dull, later bright")
        expect(tab.get_by_label("Your remarks on A (")).to_have_value("thin")
        expect(tab.get_by_label("Your remarks on B (")).to_have_value("loud")


def test_the_newer_answer_stays_whichever_tab_saves_last(
    add_study: Callable[..., str], context: BrowserContext, address: str
) -> None:
    add_study(pages=[{"type": "questionnaire", "questions": QUESTIONS}])
    first, second = two_tabs(context, address)
    write(first, "Age?", "30")
    write(second, "Instrument?", "Oboe")
    write(second, "Age?", "31")
    write(first, "Instrument?", "Oboe d'amore")
    expect(first.get_by_label("Age?")).to_have_value("31")
    second.reload()
    expect(second.get_by_label("Age?")).to_have_value("31")
    expect(second.get_by_label("Instrument?")).to_have_value("Oboe d'amore")


def test_a_page_that_the_other_tab_finished_cannot_be_changed_and_leads_on(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    free = {"must_play_all": False, "must_rate_all": False}
    add_study(manifest=str(sounds), interface="multistimulus", pages=["ratings"], options=free)
    first, second = two_tabs(context, address)
    for tab in (first, second):
        ready(tab)
    first.get_by_role("slider", name="Rating of A:").press("ArrowUp")
    saved(first)
    leave(first)
    second.get_by_role("slider", name="Rating of A:").press("Home")
    expect(second.locator("#save-status")).to_contain_text("finished elsewhere")
    second.get_by_role("link", name="Go on").click()
    ready(second)
    assert second.url == first.url
    first.go_back()
    ready(first)
    expect(first.get_by_role("slider", name="Rating of A:")).to_have_js_property("value", "51")


def test_a_phone_that_was_offline_undoes_nothing_that_the_laptop_saved(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    add_study(manifest=str(sounds), interface="multistimulus", pages=["ratings"])
    laptop = begin(context.new_page(), address)
    ready(laptop)
    assert context.browser is not None
    with context.browser.new_context() as other:
        phone = other.new_page()
        phone.goto(laptop.url)
        ready(phone)
        other.set_offline(True)
        laptop.get_by_role("slider", name="Rating of A:").press("End")
        saved(laptop)
        for _ in range(9):
            phone.get_by_role("slider", name="Rating of B:").press("ArrowUp")
        expect(phone.locator("#save-status")).to_contain_text("Offline")
        other.set_offline(False)
        saved(phone)
        phone.reload()
        ready(phone)
        expect(phone.get_by_role("slider", name="Rating of A:")).to_have_js_property("value", "100")
        expect(phone.get_by_role("slider", name="Rating of B:")).to_have_js_property("value", "59")
    laptop.close()


def test_a_clock_that_was_set_back_costs_no_rating(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    add_study(manifest=str(sounds), interface="multistimulus", pages=["ratings"])
    page = begin(context.new_page(), address)
    ready(page)
    page.get_by_role("slider", name="Rating of A:").press("End")
    saved(page)
    page.evaluate("() => { const now = Date.now; Date.now = () => now() - 3600000; }")
    context.set_offline(True)
    page.get_by_role("slider", name="Rating of A:").press("Home")
    expect(page.locator("#save-status")).to_contain_text("Offline")
    url = page.url
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.goto(url)
    ready(page)
    saved(page)
    expect(page.get_by_role("slider", name="Rating of A:")).to_have_js_property("value", "0")


def test_a_damaged_state_in_the_browser_keeps_nobody_from_the_page(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    add_study(manifest=str(sounds), interface="multistimulus", pages=["ratings"])
    page = begin(context.new_page(), address)
    ready(page)
    page.evaluate(
        """() => {
          const start = `blindmix:${location.pathname.split("/")[2]}:1:`;
          localStorage.setItem(start + "broken", "{bad json");
          localStorage.setItem(start + "foreign", '{"ratings": [{"stimulus": "x", "score": 3}]}');
        }"""
    )
    page.reload()
    ready(page)
    page.get_by_role("slider", name="Rating of A:").press("End")
    saved(page)
