"""The whole way of a newcomer: `flask demo`, three participants in Chromium, `flask analyse`."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean, median
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app import ROOT
from tests.driving import (
    BROWSER_TIMEOUT_MS,
    begin,
    data_of,
    drag,
    leave,
    press_on,
    ready,
    shown_scores,
)

pytestmark = [pytest.mark.slow, pytest.mark.browser]

SCORES = (
    (10, 30, 45, 60, 80, 95, 5, 70),
    (90, 75, 20, 50, 5, 35, 60, 100),
    (55, 15, 85, 0, 40, 100, 65, 25),
)
"""What a participant sets on the rating pages, the training page aside, from left to right."""


@pytest.fixture(scope="module")
def flask(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs a command on one instance, where the demo is ready."""
    instance = tmp_path_factory.mktemp("instance")
    environment = {**os.environ, "BLINDMIX_INSTANCE_PATH": str(instance)}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "flask", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.__dict__["environment"] = environment
    run("demo")
    return run


@pytest.fixture(scope="module")
def address(flask: Callable[..., str]) -> Iterator[str]:
    """`flask run`, as `make demo` starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-m", "flask", "run", "--port", port]
    environment = flask.__dict__["environment"]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    made = f"http://127.0.0.1:{port}"
    while not answers(made):
        assert server.poll() is None
        time.sleep(0.1)
    yield made
    server.send_signal(signal.SIGTERM)
    server.wait(timeout=20)


def answers(address: str) -> bool:
    try:
        return bool(urllib.request.urlopen(f"{address}/healthz", timeout=1).status == 200)
    except (urllib.error.URLError, OSError):
        return False


def by_keyboard(page: Page, scores: tuple[int, ...]) -> dict[str, float]:
    for stimulus, score in zip(ready(page), scores, strict=True):
        page.keyboard.press(stimulus["label"])
        page.get_by_role("slider", name=f"Mix {stimulus['label']}").focus()
        page.keyboard.press("Home")
        for _ in range(score // 10):
            page.keyboard.press("PageUp")
        for _ in range(score % 10):
            page.keyboard.press("ArrowRight")
    return shown_scores(page)


def with_a_reload(page: Page, scores: tuple[int, ...]) -> dict[str, float]:
    for stimulus, score in zip(ready(page)[:3], scores, strict=False):
        drag(page, stimulus["label"], score)
    before = shown_scores(page)
    page.reload()
    stimuli = ready(page)
    expect(page.locator("#save-status")).to_have_text("All answers saved")
    assert shown_scores(page) == before
    for stimulus, score in zip(stimuli[3:], scores[3:], strict=True):
        drag(page, stimulus["label"], score)
    return shown_scores(page)


def with_a_lost_network(page: Page, scores: tuple[int, ...]) -> dict[str, float]:
    stimuli = ready(page)
    drag(page, stimuli[0]["label"], scores[0])
    page.context.set_offline(True)
    for stimulus, score in zip(stimuli[1:], scores[1:], strict=True):
        drag(page, stimulus["label"], score)
    expect(page.locator("#save-status")).to_contain_text("Offline")
    page.context.set_offline(False)
    expect(page.locator("#save-status")).to_have_text("All answers saved")
    return shown_scores(page)


Hands = Callable[[Page, tuple[int, ...]], dict[str, float]]


def take_part(page: Page, address: str, rate: Hands) -> list[dict[str, float]]:
    """From the link to the completion code; what each rating page showed when it was left."""
    begin(page, address, "demo")
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    for _ in ("consent", "instructions", "volume"):
        press_on(page, "Continue")
    shown = []
    for scores in ((50, 40, 30, 20, 10, 0, 60, 70), *SCORES):
        shown.append(rate(page, scores))
        training = data_of(page)["training"]
        leave(page)
        if training:
            shown.clear()
    for group in ("mixing music", "listen with"):
        page.get_by_role("group", name=re.compile(group)).get_by_role("radio").first.focus()
        page.keyboard.press("Space")
    page.get_by_role("textbox").fill("Grüße, =1+1")
    press_on(page, "Continue")
    expect(page.locator("#completion-code")).to_have_text(re.compile(r"^[A-Z0-9]{8}$"))
    return shown


def test_what_three_people_set_is_what_the_database_and_the_analysis_hold(
    flask: Callable[..., str], address: str, browser: Browser, tmp_path: Path
) -> None:
    shown: list[dict[str, float]] = []
    for rate in (by_keyboard, with_a_reload, with_a_lost_network):
        with browser.new_context(viewport={"width": 1100, "height": 900}) as context:
            context.set_default_timeout(BROWSER_TIMEOUT_MS)
            shown += take_part(context.new_page(), address, rate)
    table = tmp_path / "ratings.csv"
    flask("study", "export", "demo", "-o", str(table))
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    held = defaultdict(list)
    for row in rows:
        held[row["participant"], row["passage"]].append(float(row["score"]))
    assert len(held) == 9
    # What was on the screens, participant by participant and page by page, without the names that
    # nobody in the browser knows.
    assert sorted(map(sorted, held.values())) == [
        pytest.approx(page, abs=0.5) for page in sorted(sorted(page.values()) for page in shown)
    ]
    flask("analyse", "demo", "-o", str(tmp_path / "results"))
    results: dict[str, Any] = json.loads((tmp_path / "results" / "results.json").read_text())
    assert results["simulated"] is False
    assert results["counts"]["ratings"] == len(rows) == 72
    for told in results["attributes"][0]["descriptives_by_passage"]:
        of_these = [
            float(row["score"])
            for row in rows
            if (row["system"], row["passage"]) == (told["system"], told["passage"])
        ]
        assert told["n"] == len(of_these) == 3
        assert told["mean"] == pytest.approx(mean(of_these))
        assert told["median"] == pytest.approx(median(of_these))
    report = (tmp_path / "results" / "report.html").read_text(encoding="utf-8")
    assert "3 participants" in report
