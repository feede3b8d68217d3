"""The desk in a real Chromium: live progress, a preview to its end, and axe on every page."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext, Page, expect

from listening.db import Database
from listening.models import Participant
from listening.simulate import simulate
from listening.studies import find_study
from tests.at_the_desk import PASSWORD
from tests.driving import begin, data_of

pytestmark = pytest.mark.browser

STUDY = "/desk/studies/test/"
PAGES = ("/desk/", STUDY, f"{STUDY}preview/", f"{STUDY}preview/1", f"{STUDY}results/",
         f"{STUDY}participants/S001", "/desk/log")  # fmt: skip


@pytest.fixture
def page(context: BrowserContext, address: str, desk: FlaskClient) -> Page:
    """The desk of an owner."""
    made = context.new_page()
    made.goto(f"{address}/desk/login")
    made.get_by_label("Name").fill("ada")
    made.get_by_label("Password").fill(PASSWORD)
    made.get_by_role("button", name="Log in").click()
    expect(made.get_by_role("heading", name="Studies")).to_be_visible()
    return made


@pytest.mark.slow
def test_progress_is_live_and_keeps_the_focus(page: Page, address: str, database: Database) -> None:
    page.goto(address + STUDY)
    section = page.get_by_role("region", name="Participants", exact=True)
    expect(section).to_contain_text("Nobody has joined yet.")
    begin(page.context.new_page(), address)
    expect(section).to_contain_text("1 joined, 0 finished, 0 ratings, 1 at work now")
    page.get_by_role("link", name="P001").focus()
    begin(page.context.browser.new_context().new_page(), address)  # type: ignore[union-attr]
    expect(section).to_contain_text("2 joined")
    expect(page.get_by_role("link", name="P001")).to_be_focused()


def test_a_preview_goes_from_the_first_page_to_the_last(
    page: Page, address: str, database: Database
) -> None:
    page.goto(f"{address}{STUDY}preview/")
    page.get_by_role("link", name="consent").click()
    page.get_by_role("checkbox").check()
    kinds = []
    for _ in range(8):
        data = data_of(page)
        kinds.append(data["kind"])
        if data["kind"] == "mushra":
            for stimulus in data["stimuli"]:
                page.get_by_role("button", name=f"Mix {stimulus['label']}").click()
                page.get_by_role("slider", name=f"Rating of {stimulus['label']}:").press("End")
            expect(page.locator("#save-status")).to_contain_text("saved")
            break
        here = page.url
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url(lambda url, here=here: url != here)
    assert kinds[:3] == ["consent", "instructions", "volume"]
    assert kinds[-1] == "mushra"
    page.get_by_role("link", name="Next page").click()
    expect(page).to_have_url(re.compile(r"preview/[0-9]+$"))
    with database.read() as session:
        assert session.query(Participant).count() == 0


@pytest.mark.slow
def test_axe_finds_nothing_on_the_desk(
    page: Page, address: str, database: Database, add_study: Callable[..., str]
) -> None:
    add_study(slug="other", title="Another study")
    with database.write() as session:
        simulate(session, find_study(session, "test"), 2)
    found = []
    for place in PAGES:
        for width in (1100, 390):
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(address + place)
            outcome = Axe().run(page)
            found += [(place, width, item["id"]) for item in outcome.response["violations"]]
            overflow = page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            assert overflow <= 0, (place, width)
    assert found == []
