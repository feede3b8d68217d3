"""`flask demo`: its study files fit what it renders, and it can be interrupted and repeated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import DEMO_STUDIES, EXAMPLES, ROOT
from listening.pages.rating import RatingEntry
from listening.study_file import read_study_file
from stimuli.datasets.demo.songbook import recipes
from stimuli.demo import SETS, SONG_S, SONGS


@pytest.mark.parametrize("slug", DEMO_STUDIES)
def test_a_demo_study_asks_for_what_is_rendered(slug: str) -> None:
    study = read_study_file(EXAMPLES / f"{slug}.yaml").file
    passages = {f"{recipe.song}-1" for recipe in recipes(SONGS, SONG_S, 0, "both")}
    entries = [entry for entry in study.pages if isinstance(entry, RatingEntry)]
    assert study.slug == slug
    assert SETS[study.manifest].reference == (study.interface == "mushra")
    assert len(entries) == 2
    for entry in entries:
        assert entry.passages is not None
        assert set(entry.passages) <= passages


def flask(instance: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "flask", *arguments],
        cwd=ROOT,
        env={**os.environ, "BLINDMIX_INSTANCE_PATH": str(instance)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.slow
def test_the_demo_goes_on_after_an_interruption_and_is_made_once(tmp_path: Path) -> None:
    interrupted = flask(tmp_path, "demo")
    while not list((tmp_path / "demo" / "songs").glob("demo-*")):
        assert interrupted.poll() is None, interrupted.communicate()[1]
        time.sleep(0.05)
    os.killpg(interrupted.pid, signal.SIGINT)
    _, said = interrupted.communicate(timeout=60)
    assert interrupted.returncode == 130
    assert "Run the same command again to go on" in said
    first = flask(tmp_path, "demo")
    out, errors = first.communicate(timeout=900)
    assert first.returncode == 0, errors
    assert "/studies/demo-mushra/" in out
    manifests = {path: path.stat().st_mtime_ns for path in tmp_path.glob("demo/*/manifest.json")}
    assert len(manifests) == len(SETS)
    again = flask(tmp_path, "demo")
    assert "nothing to do" in again.communicate(timeout=60)[0]
    assert {path: path.stat().st_mtime_ns for path in manifests} == manifests
    listed = flask(tmp_path, "study", "list").communicate(timeout=60)[0]
    assert [line.split()[:2] for line in listed.splitlines()] == [
        [slug, "open"] for slug in DEMO_STUDIES
    ]
