"""The gallery shows every stimulus with its waveform, its loudness and its settings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext

from stimuli.cli.stimuli import stimuli as stimuli_command
from stimuli.datasets.dataset import open_dataset
from stimuli.gallery import COLUMNS, HEIGHT, write_gallery
from stimuli.plan import Plan
from stimuli.render import render

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.fixture
def rendered(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    song = tmp_path / "songs" / "Tom & <b>Jerry"
    for seed, name in enumerate(("kick", "bass", "lead vocals", "mix")):
        sound = noise(5.0, channels=2 if name == "mix" else 1, seed=seed)
        write_sound(song / f"{name}.wav", sound)
    plan = Plan(("mono", "expert"), duration_s=3.0, anchors=True, reference=True)
    render(open_dataset(song), plan, tmp_path / "out")
    return tmp_path / "out"


def test_the_page_shows_every_stimulus(rendered: Path) -> None:
    done = CliRunner().invoke(stimuli_command, ["gallery", str(rendered)])
    assert (done.exit_code, done.exception) == (0, None)
    assert str(rendered / "gallery.html") in done.output
    page = (rendered / "gallery.html").read_text(encoding="utf-8")
    sources = re.findall(r'<audio [^>]*src="([^"]+)"', page)
    assert len(sources) == 6
    for source in sources:
        assert (rendered / source).is_file()
    assert "<b>" not in page
    assert "Tom &amp; &lt;b&gt;Jerry" in page
    assert page.count("−23.0 LUFS") == 6
    assert len(re.findall("<summary>Settings of 3 tracks", page)) == 1
    assert ">lead vocals</td>" in page
    assert ">open reference</span>" in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_waveforms_follow_the_sound(rendered: Path) -> None:
    page = write_gallery(rendered).read_text(encoding="utf-8")
    paths = re.findall(r'<path d="M([^Z]+)Z"', page)
    assert len(paths) == 6
    spans: list[float] = []
    for path in paths:
        points = np.array([point.split() for point in path.split("L")], dtype=float)
        assert len(points) == 2 * COLUMNS
        tops, bottoms = points[:COLUMNS, 1], points[: COLUMNS - 1 : -1, 1]
        assert (tops >= 0).all()
        assert (tops <= bottoms).all()
        assert (bottoms <= HEIGHT).all()
        spans.append(np.ptp(points[:, 1]))
        # Fades leave the ends narrow; the middle is not.
        assert bottoms[COLUMNS // 2] - tops[COLUMNS // 2] > 2
        assert bottoms[0] - tops[0] < bottoms[COLUMNS // 2] - tops[COLUMNS // 2]
    assert HEIGHT / 2 < max(spans) <= HEIGHT


def test_a_file_that_is_gone_is_said_on_the_page(rendered: Path) -> None:
    next(rendered.rglob("mono.wav")).unlink()
    page = write_gallery(rendered).read_text(encoding="utf-8")
    assert page.count("<audio") == 5
    assert "there is no file" in page


@pytest.mark.browser
def test_one_mix_hands_its_place_to_the_next(rendered: Path, context: BrowserContext) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(write_gallery(rendered).as_uri())
    wide = "document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(wide)
    page.locator(".wave").first.click(position={"x": 150, "y": 20})
    page.wait_for_function("document.querySelector('audio').currentTime > 1")
    page.evaluate("document.querySelectorAll('audio')[1].play()")
    page.wait_for_function("document.querySelectorAll('audio')[1].currentTime > 1")
    assert page.evaluate("document.querySelectorAll('audio')[0].paused")
    assert page.locator("article.playing").count() == 1
