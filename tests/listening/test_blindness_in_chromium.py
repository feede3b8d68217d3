"""A curious participant with the developer tools open finds no difference between stimuli."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect
from sqlalchemy import event, select

from listening.db import Database
from listening.models import Presentation
from tests.driving import begin, data_of, ready

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOWN_ALIKE = {
    "mushra": ".board-column",
    "multistimulus": ".board-column",
    "ape": ".ape-marker",
    "ranking": ".ranking li",
    "bs1116": ".board-column",
}
"""What stands on a page once for each stimulus."""
BY_PLACE = re.compile(r' style="[^"]*"|aria-disabled="(true|false)"| aria-pressed="(true|false)"')
"""Where a stimulus stands depends on its place among the letters, which chance gave it."""
SIZES = ("transferSize", "encodedBodySize", "decodedBodySize")
TIMINGS = """() => performance.getEntriesByType("resource")
  .sort((one, other) => one.startTime - other.startTime).map(entry => entry.toJSON())"""
STORES = "() => JSON.stringify([{...localStorage}, {...sessionStorage}, history.state])"


def open_page(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str, kind: str
) -> tuple[Page, list[Response]]:
    add_study(manifest=str(sounds), interface=kind, pages=[{"type": kind, "passages": ["one"]}])
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    begin(page, address)
    ready(page)
    page.wait_for_load_state("networkidle")
    return page, answers


@pytest.mark.parametrize("kind", SHOWN_ALIKE)
def test_the_markup_of_every_stimulus_is_the_same_but_for_its_letter(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str, kind: str
) -> None:
    page, _ = open_page(add_study, sounds, context, address, kind)
    told = data_of(page)
    parts = page.locator(SHOWN_ALIKE[kind]).all()
    assert len(parts) == len(told["stimuli"]) > 1
    plain = {
        anonymous(part.evaluate("node => node.outerHTML"), stimulus, told["attributes"])
        for part, stimulus in zip(parts, told["stimuli"], strict=True)
    }
    assert len(plain) == 1, plain


def anonymous(markup: str, stimulus: dict[str, str], asked: list[dict[str, str]]) -> str:
    """Markup without what is known to differ: the letter, the random id, the place."""
    assert stimulus["id"] not in markup
    for attribute in asked:
        markup = markup.replace(attribute["question"], "")
    return re.sub(rf"\b{stimulus['label']}\b", "?", BY_PLACE.sub("", markup))


def test_requests_and_answers_are_alike_and_in_the_order_of_the_letters(
    add_study: Callable[..., str],
    sounds: Path,
    context: BrowserContext,
    address: str,
    database: Database,
) -> None:
    page, answers = open_page(add_study, sounds, context, address, "mushra")
    told = data_of(page)
    urls = [told["reference"]["url"], *(stimulus["url"] for stimulus in told["stimuli"])]
    timed = {entry["name"].removeprefix(address): entry for entry in page.evaluate(TIMINGS)}
    by_start = [url for url in timed if "/media/" in url]
    assert by_start == urls
    heard = {answer.url.removeprefix(address): answer for answer in answers}
    facts = [
        (
            json.dumps(heard[url].request.all_headers(), sort_keys=True),
            json.dumps(heard[url].all_headers(), sort_keys=True),
            heard[url].status,
            *(timed[url][size] for size in SIZES),
            len(url),
        )
        for url in urls
    ]
    assert facts[0][2] == 200
    # A date, if the server in front sets one, is the time of day.
    dateless = {tuple(re.sub(r'"date": "[^"]*"', "", str(part)) for part in fact) for fact in facts}
    assert len(dateless) == 1, dateless
    with database.read() as session:
        names = {item.stimulus.system for item in session.scalars(select(Presentation))}
    everything = page.content() + page.evaluate(STORES) + "".join(heard)
    for name in names:
        assert name not in everything, name
    expect(page.get_by_role("button", name="Play Reference")).to_be_visible()


def test_the_server_does_the_same_work_for_every_sound(
    add_study: Callable[..., str],
    sounds: Path,
    context: BrowserContext,
    address: str,
    database: Database,
    client: Any,
) -> None:
    page, _ = open_page(add_study, sounds, context, address, "mushra")
    told = data_of(page)
    work: list[str] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda connection, cursor, statement, *rest: work.append(statement),
    )
    done = []
    for sound in [told["reference"], *told["stimuli"]]:
        work.clear()
        client.get(sound["url"])
        done.append(tuple(work))
    assert len(set(done)) == 1
    assert len(done[0]) >= 1
