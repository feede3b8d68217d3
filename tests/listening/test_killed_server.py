"""A server killed with SIGKILL under load loses no acknowledged rating and doubles none."""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from listening.db import Database
from listening.models import Participant, Presentation, Rating, Visit
from listening.runs import find_participant, join
from listening.studies import find_study

ROOT = Path(__file__).parents[2]
SERVE = """
import sys, waitress
from app import create_app
config = {"INSTANCE_PATH": sys.argv[1], "DATABASE_URL": sys.argv[2]}
waitress.serve(create_app(config), host="127.0.0.1", port=int(sys.argv[3]))
"""
CLIENTS = 4


def serve(app: Flask, port: int) -> subprocess.Popen[bytes]:
    config = [app.config["INSTANCE_PATH"], app.config["DATABASE_URL"]]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, *config, str(port)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return process
        except OSError:
            time.sleep(0.05)
    process.kill()
    raise AssertionError("the server does not start")


class Rater(threading.Thread):
    """Raises its one score without pause and remembers the newest acknowledged revision."""

    def __init__(self, port: int, token: str, stimulus: str, stop: threading.Event) -> None:
        super().__init__()
        self.url = f"http://127.0.0.1:{port}/api/p/{token}/pages/1"
        self.token, self.stimulus, self.stopped = token, stimulus, stop
        self.acknowledged = 0

    def run(self) -> None:
        revision = 0
        while not self.stopped.is_set():
            revision += 1
            rating = {
                "stimulus": self.stimulus, "attribute": "preference", "score": revision % 101,
            }  # fmt: skip
            body = json.dumps({"revision": revision, "ratings": [rating]}).encode()
            request = urllib.request.Request(self.url, body, method="PUT")
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    self.acknowledged = json.load(answer)["revision"]
            except (OSError, HTTPException):
                # No connection, or an answer that the kill cut off: not acknowledged.
                time.sleep(0.02)


@pytest.mark.parametrize("kills", [2, pytest.param(100, marks=pytest.mark.slow)])
def test_no_acknowledged_rating_is_lost(
    app: Flask, database: Database, add_study: Callable[..., str], kills: int
) -> None:
    add_study(pages=["ratings"])
    with database.write() as session:
        study = find_study(session, "test")
        people = [join(session, study, f"browser:{at}") for at in range(CLIENTS)]
        tokens = [(one.token, one.visits[0].presentations[1].opaque_id) for one in people]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stop = threading.Event()
    raters = [Rater(port, token, stimulus, stop) for token, stimulus in tokens]
    rng = random.Random(1)
    process = serve(app, port)
    try:
        for rater in raters:
            rater.start()
        for _ in range(kills):
            time.sleep(rng.uniform(0.05, 0.5))
            process.kill()
            process.wait()
            check(database, raters)
            process = serve(app, port)
        patience = time.monotonic() + 30
        while any(rater.acknowledged == 0 for rater in raters) and time.monotonic() < patience:
            time.sleep(0.05)
    finally:
        stop.set()
        for rater in raters:
            rater.join()
        process.kill()
        process.wait()
    check(database, raters)
    assert all(rater.acknowledged > 0 for rater in raters)


def check(database: Database, raters: list[Rater]) -> None:
    """What was acknowledged is there, as one consistent state each."""
    promised = [rater.acknowledged for rater in raters]
    with database.read() as session:
        for rater, acknowledged in zip(raters, promised, strict=True):
            participant = find_participant(session, rater.token)
            assert participant is not None
            visit = participant.visits[0]
            ratings = [rating for shown in visit.presentations for rating in shown.ratings]
            assert visit.revision >= acknowledged
            assert [rating.score for rating in ratings] == [visit.revision % 101] * bool(
                visit.revision
            )
        doubled = (
            select(func.count())
            .select_from(Rating)
            .join(Presentation)
            .join(Visit)
            .join(Participant)
            .group_by(Rating.presentation_id, Rating.attribute)
            .having(func.count() > 1)
        )
        assert session.execute(doubled).all() == []
