"""What participants do in a real Chromium is what the database and the export hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, expect

from listening.db import Database
from listening.export import tidy_ratings
from listening.studies import find_study
from tests.driving import begin, drag, leave, press_on, ready, shown_scores

pytestmark = pytest.mark.browser

RATE_HZ = 44_100
FRAMES = 2 * RATE_HZ


def systems_of(database: Database) -> dict[str, tuple[str, str]]:
    """Which stimulus hides behind each opaque id."""
    with database.read() as session:
        return {
            shown.opaque_id: (shown.stimulus.passage, shown.stimulus.system)
            for participant in find_study(session, "test").participants
            for visit in participant.visits
            for shown in visit.presentations
        }


@pytest.fixture
def ape_study(add_study: Callable[..., str], sounds: Path) -> None:
    add_study(
        manifest=str(sounds), interface="ape", systems=["target", "mono", "random"],
        pages=["ratings"],
    )  # fmt: skip


def test_a_dragged_marker_is_what_the_database_holds(
    ape_study: None, context: BrowserContext, address: str, database: Database
) -> None:
    page = begin(context.new_page(), address)
    shown: dict[str, float] = {}
    for scores in ((0, 37, 100), (82, 12, 55)):
        stimuli = ready(page)
        page.locator("#next").click()
        expect(page.get_by_role("alert")).to_contain_text("Not played yet: 1, 2, 3.")
        expect(page.get_by_role("alert")).to_contain_text("Not rated yet: 1, 2, 3.")
        for stimulus, score in zip(stimuli, scores, strict=True):
            drag(page, stimulus["label"], score)
        there = shown_scores(page)
        assert [there[item["id"]] for item in stimuli] == pytest.approx(scores, abs=1)
        shown |= there
        leave(page)
    expect(page.locator("#completion-code")).to_be_visible()
    systems = systems_of(database)
    expected = {systems[opaque]: score for opaque, score in shown.items()}
    with database.read() as session:
        rows = tidy_ratings(session, find_study(session, "test"), simulated=False)
    held = {(row.passage, row.system): row.score for row in rows}
    assert held == pytest.approx(expected, abs=0.5)
    assert all(row.plays >= 1 and row.listened_ms > 0 for row in rows)


def test_a_change_after_leaving_holds_nobody_back(
    ape_study: None, context: BrowserContext, address: str
) -> None:
    page = begin(context.new_page(), address)
    for stimulus, score in zip(ready(page), (10, 50, 90), strict=True):
        drag(page, stimulus["label"], score)
    expect(page.locator("#save-status")).to_have_text("All answers saved")
    # The answer to the press of the button is long on its way.
    page.evaluate(
        """() => {
          const real = window.fetch;
          window.fetch = async (...request) => {
            const answer = await real(...request);
            await new Promise((done) => setTimeout(done, 1500));
            return answer;
          };
        }"""
    )
    here = page.url
    page.locator("#next").click()
    drag(page, "1", 30)
    page.wait_for_url(lambda url: url != here)


def test_the_keyboard_alone_is_enough(
    add_study: Callable[..., str],
    sounds: Path,
    context: BrowserContext,
    address: str,
    database: Database,
) -> None:
    add_study(manifest=str(sounds), interface="mushra", pages=["consent", "volume", "ratings"])
    page = context.new_page()
    page.goto(f"{address}/studies/test/")
    press_on(page, "Start")
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    press_on(page, "Continue")
    press_on(page, "Continue")
    expected: dict[str, float] = {}
    for _ in range(2):
        stimuli = ready(page)
        page.keyboard.press("r")
        expect(page.get_by_role("button", name="Play Reference")).to_have_attribute(
            "aria-pressed", "true"
        )
        for at, stimulus in enumerate(stimuli):
            page.keyboard.press(stimulus["label"].lower())
            button = page.get_by_role("button", name=f"Play Mix {stimulus['label']}")
            expect(button).to_have_attribute("aria-pressed", "true")
            page.get_by_role("slider", name=f"Rating of {stimulus['label']}:").focus()
            for _ in range(at + 1):
                page.keyboard.press("ArrowUp")
            expected[stimulus["id"]] = 50 + at + 1
        before = page.url
        page.locator("#next").focus()
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url, before=before: url != before)
    expect(page.locator("#completion-code")).to_be_visible()
    systems = systems_of(database)
    with database.read() as session:
        rows = tidy_ratings(session, find_study(session, "test"), simulated=False)
    assert {(row.passage, row.system): row.score for row in rows} == {
        systems[opaque]: score for opaque, score in expected.items()
    }


def test_a_reload_in_the_middle_of_a_page_loses_nothing(
    ape_study: None, context: BrowserContext, address: str
) -> None:
    page = begin(context.new_page(), address)
    ready(page)
    drag(page, "2", 64)
    expect(page.locator("#save-status")).to_have_text("All answers saved")
    before = shown_scores(page)
    page.reload()
    ready(page)
    marker = page.get_by_role("slider", name="Mix 2")
    expect(marker).to_have_attribute("aria-valuetext", re.compile("Good|Fair"))
    assert shown_scores(page) == before
    expect(page.get_by_role("slider", name="Mix 1")).to_have_attribute(
        "aria-valuetext", "not rated yet"
    )


def test_answers_given_without_a_network_arrive_when_it_returns(
    ape_study: None, context: BrowserContext, address: str, database: Database
) -> None:
    page = begin(context.new_page(), address)
    ready(page)
    context.set_offline(True)
    for label, score in (("1", 20), ("2", 40), ("3", 90)):
        drag(page, label, score)
    expect(page.locator("#save-status")).to_contain_text("Offline")
    here = page.url
    page.locator("#next").click()
    page.wait_for_timeout(300)
    assert page.url == here
    shown = shown_scores(page)
    context.set_offline(False)
    page.wait_for_url(lambda url: url != here)
    ready(page)
    systems = systems_of(database)
    with database.read() as session:
        rows = tidy_ratings(session, find_study(session, "test"), simulated=False)
    held = {(row.passage, row.system): row.score for row in rows if row.score is not None}
    assert held == pytest.approx(
        {systems[opaque]: score for opaque, score in shown.items()}, abs=0.5
    )
    assert page.evaluate("Object.keys(localStorage).filter((k) => /^blindmix:.*:1:/.test(k))") == []


def test_two_tabs_complete_each_other(
    ape_study: None, context: BrowserContext, address: str, database: Database
) -> None:
    first = begin(context.new_page(), address)
    ready(first)
    second = context.new_page()
    second.goto(first.url)
    ready(second)
    drag(first, "1", 30)
    expect(first.locator("#save-status")).to_have_text("All answers saved")
    drag(second, "2", 70)
    expect(second.locator("#save-status")).to_have_text("All answers saved")
    first.reload()
    ready(first)
    scores = list(shown_scores(first).values())
    assert scores[:2] == pytest.approx([30, 70], abs=1)


IMPULSES = """
async ({ rate, frames, first, second }) => {
  const { Player, RAMP_S } = await import("/static/js/player.js");
  const context = new OfflineAudioContext(1, 3 * rate, rate);
  const buffer = (fill) => {
    const made = new AudioBuffer({ length: frames, sampleRate: rate, numberOfChannels: 1 });
    fill(made.getChannelData(0));
    return made;
  };
  const buffers = new Map([
    ["a", buffer((x) => { x.fill(first.level); x[first.impulse] = 1; })],
    ["b", buffer((x) => { x.fill(second.level); x[second.impulse] = 1; })],
  ]);
  const player = new Player(context, buffers);
  player.play("a");
  for (const [at, id] of [[0.5, "b"], [1.0, "a"], [1.25, "b"]]) {
    context.suspend(at).then(() => { player.play(id); context.resume(); });
  }
  const rendered = await context.startRendering();
  return { samples: [...rendered.getChannelData(0)], ramp: RAMP_S };
}
"""


def test_switching_is_in_step_to_the_sample_and_free_of_clicks(
    context: BrowserContext, address: str
) -> None:
    page = context.new_page()
    page.goto(address)
    # Impulses at 0.7 s and 1.1 s of the passage: one in b's turn, one in a's.
    first, second = {"level": 0.25, "impulse": 48_510}, {"level": 0.25, "impulse": 30_870}
    done = page.evaluate(
        IMPULSES, {"rate": RATE_HZ, "frames": FRAMES, "first": first, "second": second}
    )
    samples = np.array(done["samples"])
    start = round(0.02 * RATE_HZ)
    impulses = np.flatnonzero(samples > 0.9) - start
    again = 30_870 + FRAMES  # b is heard to the end, so its impulse returns with the loop
    assert impulses.tolist() == [30_870, 48_510, again]
    ramp = round(done["ramp"] * RATE_HZ) + 1
    heard = samples[start + ramp : start + FRAMES - 2 * ramp].copy()
    heard[impulses[:2] - ramp] = 0.25
    # Equal-gain ramps between equal signals leave no trace at all.
    np.testing.assert_allclose(heard, 0.25, atol=1e-4)
    # Where the loop closes, it fades: no step is larger than the ramp's own.
    assert np.abs(np.diff(np.delete(samples, impulses + start))).max() < 0.25 * 2 / ramp
