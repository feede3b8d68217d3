"""Take a picture of every page type, on a large and on a small screen: used by screenshots.py."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, Page

from listening.db import Database
from listening.runs import PageBody, find_participant, save_page, visit_at
from listening.simulate import Listener
from listening.studies import all_studies, find_study, make_study, store_study
from listening.study_file import read_study_file

EXAMPLE = Path(__file__).parent / "examples" / "page-types.yaml"
SLUG = "page-types"
SETTLE_MS = 700


@dataclass(frozen=True)
class Screen:
    """One way to look at a page."""

    suffix: str
    language: str
    context: dict[str, Any]


DESKTOP = {"viewport": {"width": 1100, "height": 700}}
PHONE = {
    "viewport": {"width": 390, "height": 780},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SCREENS = (Screen("", "en", DESKTOP), Screen("-phone", "en", PHONE))
TRANSLATED = (Screen("-ar", "ar", DESKTOP), Screen("-de-phone", "de", PHONE))
TRANSLATED_KINDS = ("mushra", "ape", "ranking")


def add_example(app: Flask, instance: Path) -> None:
    """Make the study of all page types from the demo's stimuli, unless it is there."""
    database: Database = app.extensions["blindmix_database"]
    copied = Path(shutil.copy(EXAMPLE, instance / "demo" / EXAMPLE.name))
    with database.read() as session:
        if any(study.slug == SLUG for study in all_studies(session)):
            return
    made = make_study(read_study_file(copied), Path(app.config["STIMULI_PATH"]))
    with database.write() as session:
        store_study(session, made)


def take_pages(app: Flask, browser: Browser, address: str, folder: Path) -> None:
    """Walk through the study on every screen; a picture of each page, filled in."""
    folder.mkdir(parents=True, exist_ok=True)
    for screen in SCREENS:
        _walk(app, browser, address, folder, screen, None)
    for screen in TRANSLATED:
        _walk(app, browser, address, folder, screen, TRANSLATED_KINDS)


def _walk(
    app: Flask,
    browser: Browser,
    address: str,
    folder: Path,
    screen: Screen,
    kinds: tuple[str, ...] | None,
) -> None:
    context = browser.new_context(locale=screen.language, **screen.context)
    page = context.new_page()
    page.goto(f"{address}/studies/{SLUG}/")
    page.locator("form button").last.click()
    page.wait_for_url("**/p/**")
    while "/p/" in page.url:
        following = _picture(app, page, folder, screen, kinds)
        if following is None:
            break
        page.goto(address + following)
    context.close()


def _picture(
    app: Flask, page: Page, folder: Path, screen: Screen, kinds: tuple[str, ...] | None
) -> str | None:
    """Fill the page at hand, take its picture, and leave it; the next address."""
    database: Database = app.extensions["blindmix_database"]
    found = re.search(r"/p/([^/]+)/(\d+)$", page.url)
    assert found
    token, n = found.group(1), int(found.group(2))
    with database.write() as session:
        participant = find_participant(session, token)
        assert participant is not None
        visit = visit_at(participant, n)
        assert visit is not None
        kind, training = visit.page.kind, visit.page.training
        last = n == len(participant.visits)
        body = Listener(find_study(session, SLUG), 7, participant.number).fill(visit)
        if not last:
            save_page(session, participant, n, _half(body))
    name = "training" if training else kind
    if (kinds is None or name in kinds) and not training:
        _shoot(page, folder / f"{name}{screen.suffix}.png")
    if last:
        return None
    with database.write() as session:
        participant = find_participant(session, token)
        assert participant is not None
        save_page(session, participant, n, body.model_copy(update={"revision": 10**6}))
    if training and kinds is None:
        _shoot(page, folder / f"{name}{screen.suffix}.png")
    return f"/p/{token}/{n + 1}"


def _half(body: PageBody) -> PageBody:
    return body.model_copy(update={"complete": False})


def _shoot(page: Page, path: Path) -> None:
    page.reload()
    page.locator("main").wait_for()
    page.locator("[aria-busy=true]").wait_for(state="detached")
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=path, full_page=True)
