"""The player in a real Chromium: what fails is noticed, and what is promised to listeners holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.driving import begin, data_of, leave, ready

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WATCH_CONTEXTS = """
window.contexts = [];
window.AudioContext = class extends AudioContext {
  constructor(options) { super(options); window.contexts.push(this); }
};
"""
WAITING = "caches.open('blindmix').then((c) => c.keys()).then((k) => k.length)"


def study(add_study: Callable[..., str], sounds: Path, **changes: object) -> None:
    add_study(
        **{
            "manifest": str(sounds),
            "interface": "multistimulus",
            "pages": ["ratings"],
            **changes,
        }
    )


def play(page: Page, label: str) -> None:
    button = page.get_by_role("button", name=f"Play Mix {label}")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("loss", ["close", "suspend"])
def test_a_lost_or_suspended_device_is_said_and_comes_back(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str, loss: str
) -> None:
    study(add_study, sounds)
    context.add_init_script(WATCH_CONTEXTS)
    page = begin(context.new_page(), address)
    ready(page)
    play(page, "A")
    page.evaluate(f"window.contexts.at(-1).{loss}()")
    expect(page.get_by_role("alert")).to_contain_text("The sound was interrupted")
    expect(page.get_by_role("button", name="Play Mix A")).to_have_attribute("aria-pressed", "false")
    play(page, "B")
    assert page.evaluate("window.contexts.at(-1).state") == "running"
    expect(page.get_by_role("alert")).to_be_hidden()


def test_the_next_page_comes_from_this_browser_and_nothing_stays_behind(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds, options={"must_play_all": False, "must_rate_all": False})
    page = begin(context.new_page(), address)
    ready(page)
    for _ in range(50):
        if page.evaluate(WAITING) == 3:
            break
        page.wait_for_timeout(100)
    assert page.evaluate(WAITING) == 3
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    leave(page)
    ready(page)
    assert data_of(page)["n"] == 2
    assert [url for url in asked if "/media/" in url] == []
    play(page, "A")
    assert page.evaluate(WAITING) == 0


def test_the_sounds_of_a_page_are_given_back_when_it_is_left(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds)
    context.add_init_script(WATCH_CONTEXTS)
    page = begin(context.new_page(), address)
    ready(page)
    play(page, "A")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    page.wait_for_timeout(200)
    assert page.evaluate("window.contexts.map((c) => c.state)") == ["closed"]


def test_only_what_plays_can_be_rated_where_the_study_says_so(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> None:
    study(add_study, sounds, options={"rate_only_playing": True, "min_listened_s": 1})
    page = begin(context.new_page(), address)
    ready(page)
    sliders = {label: page.get_by_role("slider", name=f"Rating of {label}:") for label in "ABC"}
    for slider in sliders.values():
        expect(slider).to_be_disabled()
    for label, slider in sliders.items():
        play(page, label)
        expect(slider).to_be_enabled()
        slider.press("ArrowUp")
    expect(sliders["A"]).to_be_disabled()
    page.locator("#next").click()
    expect(page.get_by_role("alert")).to_contain_text("Listen for 1 seconds or more to")
    page.wait_for_timeout(1300)
    play(page, "A")
    page.wait_for_timeout(1300)
    play(page, "B")
    page.wait_for_timeout(1300)
    leave(page)


def test_whoever_wants_less_motion_gets_less(
    add_study: Callable[..., str], sounds: Path, browser: Browser, address: str
) -> None:
    study(add_study, sounds)
    moved = {}
    for motion in ("reduce", "no-preference"):
        context = browser.new_context(reduced_motion=motion)
        page = begin(context.new_page(), address)
        ready(page)
        play(page, "A")
        moved[motion] = page.evaluate(
            """() => new Promise((done) => {
              let count = 0;
              const head = document.querySelector(".timeline-head");
              const watcher = new MutationObserver(() => { count += 1; });
              watcher.observe(head, { attributeFilter: ["style"] });
              setTimeout(() => done(count), 1500);
            })"""
        )
        context.close()
    assert 1 <= moved["reduce"] <= 3 < moved["no-preference"]


def test_a_page_in_arabic_runs_from_the_right_and_is_accessible(
    add_study: Callable[..., str], sounds: Path, browser: Browser, address: str
) -> None:
    study(add_study, sounds, languages=["en", "ar"], interface="ape")
    context = browser.new_context(locale="ar")
    page = context.new_page()
    page.goto(f"{address}/studies/test/")
    page.get_by_role("button", name="ابدأ").click()
    ready(page)
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert Axe().run(page).violations_count == 0
    page.locator("#next").click()
    expect(page.get_by_role("alert")).to_contain_text("لم يُشغَّل بعد: 1, 2, 3")
    marker = page.get_by_role("slider", name="المزيج 1")
    marker.press("End")
    expect(marker).to_have_attribute("aria-valuetext", "100، ممتاز")
    context.close()
