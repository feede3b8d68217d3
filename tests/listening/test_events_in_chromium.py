"""What happens on a page is reported, however much of it and with whatever network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from listening.db import Database
from listening.models import Event
from listening.studies import find_study
from tests.driving import begin, ready

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DRAG = """
async (count) => {
  const { EventLog } = await import("/static/js/events.js");
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const log = new EventLog(page);
  for (let i = 0; i < count; i += 1) log.add("rate", { stimulus: page.stimuli[0].id, score: i });
  await log.flush();
}
"""
MOVES = """
async ([count, pause]) => {
  const { EventLog } = await import("/static/js/events.js");
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const log = new EventLog(page);
  for (let i = 0; i < count; i += 1) {
    log.addMove("rate", { stimulus: "a", attribute: "b", score: i });
    await new Promise((done) => setTimeout(done, pause));
  }
  return log.waiting.map(({ data }) => data.score);
}
"""


@pytest.fixture
def page(
    add_study: Callable[..., str], sounds: Path, context: BrowserContext, address: str
) -> Page:
    """The first page of a study, with three stimuli and no reference."""
    add_study(manifest=str(sounds), interface="multistimulus", pages=["ratings"])
    opened = begin(context.new_page(), address)
    ready(opened)
    return opened


def events(database: Database) -> list[tuple[str, dict[str, Any]]]:
    """What the server was told, in the order of the browser's clock."""
    with database.read() as session:
        (participant,) = find_study(session, "test").participants
        found = session.query(Event).filter_by(participant_id=participant.id)
        return [(item.name, item.data) for item in found.order_by(Event.at, Event.id)]


def wait_for(page: Page, database: Database, count: int, name: str) -> list[dict[str, Any]]:
    for _ in range(200):
        found = [data for said, data in events(database) if said == name]
        if len(found) >= count:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"{len(found)} {name} events instead of {count}")


def test_more_than_a_browser_sends_at_once_arrives(page: Page, database: Database) -> None:
    page.evaluate(DRAG, 2000)
    scores = [data["score"] for data in wait_for(page, database, 2000, "rate")]
    assert sorted(scores) == list(range(2000))


def test_a_dragged_slider_reports_now_and_then_and_where_it_rests(page: Page) -> None:
    scores = page.evaluate(MOVES, [60, 10])
    assert len(scores) < 20
    assert scores[-1] == 59


def test_plays_switches_moves_and_the_sound_itself_are_reported(
    page: Page, database: Database
) -> None:
    for label in "AB":
        page.get_by_role("button", name=f"Play Mix {label}").click()
        page.wait_for_timeout(400)
    page.get_by_role("slider", name="Rating of B:").press("ArrowUp")
    track = page.locator(".timeline-track").bounding_box()
    assert track
    page.mouse.click(track["x"] + track["width"] / 2, track["y"] + track["height"] / 2)
    page.get_by_role("slider", name="Loop end").press("ArrowLeft")
    page.get_by_role("button", name="Pause").click()
    (pause,) = wait_for(page, database, 1, "pause")
    said = dict(events(database))
    assert {"play", "switch", "rate", "seek", "loop", "audio", "pause"} <= set(said)
    assert said["audio"]["sample_rate_hz"] == 44_100
    assert said["audio"]["base_latency_s"] > 0
    assert said["switch"]["left"] == said["play"]["stimulus"]
    assert 200 < said["switch"]["listened_ms"] < 5000
    assert pause["left"] == said["switch"]["stimulus"]
    assert said["seek"]["position_s"] == pytest.approx(1.0, abs=0.2)
    assert said["seek"]["position_s"] == round(said["seek"]["position_s"], 3)


def test_what_happens_without_a_network_arrives_once_when_it_returns(
    page: Page, context: BrowserContext, database: Database
) -> None:
    context.set_offline(True)
    page.get_by_role("button", name="Play Mix A").click()
    page.get_by_role("slider", name="Rating of A:").press("ArrowUp")
    expect(page.locator("#save-status")).to_contain_text("Offline")
    # Longer than the page waits before it tries to send.
    page.wait_for_timeout(6000)
    assert events(database) == []
    context.set_offline(False)
    assert len(wait_for(page, database, 1, "play")) == 1
    assert len(wait_for(page, database, 1, "rate")) == 1
