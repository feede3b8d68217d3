"""Every page type in a real Chromium, by mouse, by touch and by keyboard, down to the export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from listening.db import Database
from listening.export import TidyRating, tidy_ratings
from listening.models import Visit
from listening.pages import INTERFACES, PAGE_TYPES
from listening.studies import find_study
from tests.driving import BROWSER_TIMEOUT_MS, begin, data_of, expect_accessible
from tests.hands import Finger, Keys, Mouse

pytestmark = pytest.mark.browser

SMALL_SCREEN = {"width": 390, "height": 844}
LARGE_SCREEN = {"width": 1100, "height": 900}
QUESTIONS = [
    {"key": "plays", "question": "Do you play?", "type": "choice", "choices": ["Yes", "No"]},
    {
        "key": "years", "question": "For how long?", "type": "number", "whole": True,
        "when": {"question": "plays", "answer": ["Yes"]},
    },
    {"key": "tired", "question": "How tired are you?", "type": "scale", "points": 7},
]  # fmt: skip
AXES = [
    {"key": "clarity", "question": "How clear is it?", "labels": ["Dull", "Clear"]},
    {"key": "width", "question": "How wide is it?", "labels": ["Narrow", "Wide"]},
]
REMARKS = {"comments": True, "stimulus_comments": True}
NARROW = {"passages": ["one"]}
ONE_PAIR = {**NARROW, "pairs": [["target", "mono"]]}
FEEDBACK = [{"system": "mono", "text": "Too narrow", "low": 0, "high": 40}]
PAGES: list[Any] = [
    "consent",
    "instructions",
    {"type": "headphones", "method": "woods"},
    {"type": "headphones", "method": "huggins"},
    {"type": "hearing", "frequencies_hz": [1000], "silences": 1},
    "trap",
    "volume",
    {"type": "break", "minutes": 1},
    {"type": "mushra", **NARROW, "training": True, "feedback": FEEDBACK},
    {"type": "mushra", **NARROW, "options": REMARKS},
    {"type": "multistimulus", **NARROW, "options": {"waveform": True}},
    {"type": "ape", **NARROW, "attributes": AXES},
    {"type": "ab", **ONE_PAIR, "reference": True},
    {"type": "abx", **ONE_PAIR},
    {"type": "bs1116", **NARROW},
    {"type": "acr", **NARROW},
    {"type": "dcr", **NARROW},
    {"type": "ccr", **ONE_PAIR},
    {"type": "ranking", **NARROW},
    {"type": "likert", **NARROW, "together": True},
    {"type": "questionnaire", "questions": QUESTIONS},
]

NOW_ELSEWHERE = """([n, locked]) => {
  const told = document.getElementById("page-data");
  const now = told && JSON.parse(told.textContent);
  return now && document.readyState === "complete" && (now.n !== n || now.locked !== locked);
}"""
"""Practice with feedback stays at its address, but is locked then."""

Expected = dict[tuple[str, str], float]
"""Scores by attribute and label of the stimulus."""
Act = Callable[[Page, Mouse, dict[str, Any]], Expected]


def listen(page: Page, hand: Mouse) -> None:
    for button in page.locator(".sound").all():
        hand.press(button)
        expect(button).to_have_attribute("aria-pressed", "true")


def sliders(page: Page, hand: Mouse, data: dict[str, Any]) -> Expected:
    found: Expected = {}
    for at, stimulus in enumerate(data["stimuli"]):
        slider = page.get_by_role("slider", name=f"Rating of {stimulus['label']}:")
        hand.slide(slider, (at + 1) / 5)
        expect(slider).not_to_have_attribute("aria-valuetext", "not rated yet")
        found[data["attributes"][0]["key"], stimulus["label"]] = float(slider.input_value())
    return found


def grades(page: Page, hand: Mouse, data: dict[str, Any]) -> Expected:
    first, second = page.get_by_role("slider", name="Rating of").all()
    hand.slide(first, 0.3)
    hand.press(page.locator("#next"))
    expect(page.get_by_role("alert")).to_contain_text("Not rated yet: C")
    hand.slide(second, 0.8)
    expect(second).not_to_have_attribute("aria-valuetext", "not rated yet")
    hand.press(page.locator("#next"))
    expect(page.get_by_role("alert")).to_contain_text("5.0")
    second.press("End")
    return {("impairment", "B"): float(first.input_value()), ("impairment", "C"): 5.0}


def markers(page: Page, hand: Mouse, data: dict[str, Any]) -> Expected:
    found: Expected = {}
    sections = page.locator("section.attribute").all()
    for attribute, section in zip(data["attributes"], sections, strict=True):
        field = section.locator(".ape-field")
        for at, stimulus in enumerate(data["stimuli"]):
            marker = section.get_by_role("slider", name=f"Mix {stimulus['label']}")
            hand.place(marker, field, (at + 1) / 5)
            expect(marker).not_to_have_attribute("aria-valuetext", "not rated yet")
            shown = marker.get_attribute("aria-valuenow") or "nan"
            found[attribute["key"], stimulus["label"]] = float(shown)
    return found


def pick(answer: str, scores: dict[str, float]) -> Act:
    def act(page: Page, hand: Mouse, data: dict[str, Any]) -> Expected:
        hand.choose(page.get_by_role("radio", name=answer, exact=True))
        key = data["attributes"][0]["key"]
        return {(key, label): score for label, score in scores.items()}

    return act


def agreement(page: Page, hand: Mouse, data: dict[str, Any]) -> Expected:
    keys = [(item["key"], mix["label"]) for item in data["attributes"] for mix in data["stimuli"]]
    groups = page.locator("fieldset.choices").all()
    for at, group in enumerate(groups):
        hand.choose(group.get_by_role("radio").nth(at % 5))
    return {key: at % 5 + 1.0 for at, key in enumerate(keys[: len(groups)])}


def order(page: Page, hand: Mouse, data: dict[str, Any]) -> Expected:
    hand.press(page.locator("#next"))
    expect(page.get_by_role("alert")).to_contain_text("put the mixes in order")
    names = page.locator(".ranking-name")
    hand.press(page.get_by_role("button", name="Move C up"))
    hand.press(page.get_by_role("button", name="Move A down"))
    expect(names).to_have_text(["Mix C", "Mix A", "Mix B"])
    if not isinstance(hand, Keys):
        x, y = hand.middle(page.locator(".grip").nth(2))
        hand.drag((x, y), (x, hand.middle(page.locator(".grip").first)[1] - 8))
        expect(names).to_have_text(["Mix B", "Mix C", "Mix A"])
        return {("ranking", "B"): 100.0, ("ranking", "C"): 50.0, ("ranking", "A"): 0.0}
    return {("ranking", "C"): 100.0, ("ranking", "A"): 50.0, ("ranking", "B"): 0.0}


ACTS: dict[str, Act] = {
    "mushra": sliders,
    "multistimulus": sliders,
    "ape": markers,
    "ab": pick("Mix B", {"A": 0.0, "B": 1.0}),
    "abx": pick("X is A", {}),
    "bs1116": grades,
    "acr": pick("Good", {"A": 4.0}),
    "dcr": pick("Degradation is annoying", {"A": 2.0}),
    "ccr": pick("Better", {"A": -2.0, "B": 2.0}),
    "ranking": order,
    "likert": agreement,
}


def fill(page: Page, hand: Mouse, database: Database, data: dict[str, Any]) -> None:
    """A page that rates nothing."""
    if data["kind"] == "consent":
        hand.choose(page.get_by_role("checkbox"))
    elif data["kind"] == "questionnaire":
        expect(page.get_by_label("For how long?")).to_be_hidden()
        hand.choose(page.get_by_role("radio", name="Yes"))
        page.get_by_label("For how long?").fill("12")
        hand.choose(page.get_by_role("radio", name="3", exact=True))
    elif data["kind"] in ("headphones", "hearing", "trap"):
        answer_trials(page, hand, right_answers(database, data["n"]), data["choices"])


def right_answers(database: Database, n: int) -> list[str]:
    """What only the server knows."""
    with database.read() as session:
        visit = find_study(session, "test").participants[-1].visits[n - 1]
        right = visit.page.config["right"]
        return [right[shown.stimulus.system] for shown in visit.presentations]


def answer_trials(
    page: Page, hand: Mouse, answers: Sequence[str], choices: Sequence[Sequence[str]]
) -> None:
    texts = dict(choices)
    hand.press(page.locator("#next"))
    expect(page.get_by_role("alert")).to_contain_text("Not answered yet: 1")
    for at, answer in enumerate(answers):
        trial = page.locator(".trial").nth(at)
        expect(trial.get_by_role("radio").first).to_be_disabled()
        hand.press(trial.get_by_role("button"))
        hand.choose(trial.get_by_role("radio", name=texts[answer], exact=True))


def walk(page: Page, hand: Mouse, database: Database) -> dict[int, Expected]:
    """Through all of the study; what the screen said on each rating page."""
    said: dict[int, Expected] = {}
    while (data := data_of(page))["next"]:
        onward = page.locator("#next, form button[type=submit]").last
        onward.wait_for()
        expect_accessible(page)
        if data["kind"] in INTERFACES and not data["locked"]:
            listen(page, hand)
            said[data["n"]] = ACTS[data["kind"]](page, hand, data)
        elif not data["locked"]:
            fill(page, hand, database, data)
        # Once more with what is said, chosen and playing now.
        expect_accessible(page)
        if data["options"].get("stimulus_comments"):
            page.get_by_text("Remarks on each mix").click()
            page.get_by_label("Your remarks on B").fill("=muddy & loud")
        left = (data["n"], data["locked"])
        hand.press(onward)
        page.wait_for_function(NOW_ELSEWHERE, arg=list(left))
    return said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hand", "screen"),
    [
        pytest.param(Mouse, LARGE_SCREEN, id="mouse"),
        pytest.param(Finger, SMALL_SCREEN, id="touch"),
        pytest.param(Keys, {**LARGE_SCREEN, "color_scheme": "dark"}, id="keyboard"),
    ],
)
def test_what_the_screen_shows_is_what_the_export_holds(
    add_study: Callable[..., str],
    sounds: Path,
    browser: Browser,
    address: str,
    database: Database,
    hand: type[Mouse],
    screen: Any,
) -> None:
    add_study(manifest=str(sounds), interface="mushra", pages=PAGES, order={"pages": "fixed"})
    touch = hand is Finger
    size = {"width": screen["width"], "height": screen["height"]}
    scheme = screen.get("color_scheme", "light")
    with browser.new_context(
        viewport=size, color_scheme=scheme, has_touch=touch, is_mobile=touch
    ) as context:
        context.set_default_timeout(BROWSER_TIMEOUT_MS)
        page = begin(context.new_page(), address)
        said = walk(page, hand(page), database)
        expect(page.locator("#completion-code")).to_be_visible()
        expect_accessible(page)
    with database.read() as session:
        study = find_study(session, "test")
        rows = tidy_ratings(session, study, simulated=False)
        visits = study.participants[0].visits
        assert {visits[n - 1].page.kind for n in said} == set(INTERFACES)
        for n, expected in said.items():
            visit = visits[n - 1]
            if visit.page.training:
                continue
            if visit.page.kind == "abx":
                expected = abx_scores(visit)
            assert of_page(rows, visit) == pytest.approx(expected, abs=0.51), visit.page.key
        answers = {answer.key: answer.value for visit in visits for answer in visit.answers}
        given = [answer.key for visit in visits for answer in visit.answers]
        assert given.count("verdict") == 4
        assert answers["verdict"] == "passed"
        assert answers["comment_2"] == "=muddy & loud"
        assert (answers["plays"], answers["years"], answers["tired"]) == ("Yes", "12", "3")
        assert all(row.plays >= 1 for row in rows)


def of_page(rows: list[TidyRating], visit: Visit) -> Expected:
    """What the export says of a page, by attribute and label."""
    kind = PAGE_TYPES[visit.page.kind]
    return {
        (row.attribute, kind.label(row.position)): row.score
        for row in rows
        if row.page == visit.page.key
    }


def abx_scores(visit: Visit) -> Expected:
    """Who said "X is A": right or wrong, as the analysis counts it."""
    x, a, b = visit.presentations
    assert (x.position, a.position, b.position) == (0, 1, 2)
    heard = x.stimulus.system == a.stimulus.system
    return {
        ("abx", label): float(heard == (shown.stimulus.role == "reference"))
        for label, shown in (("A", a), ("B", b))
    }
