"""Nobody gets in, or on: addresses, other people's runs, logs, cookies, sizes, paths."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError

from listening.db import Database
from listening.export import tidy_ratings
from listening.logs import redacted
from listening.models import Participant
from listening.studies import find_study, make_study
from listening.study_file import read_study_file
from listening.wav import MAX_BYTES
from stimuli.manifest import read_manifest
from tests.listening.test_journey import fill, page_data

ROOT = Path(__file__).resolve().parents[2]
GUARDED_BY_A_SECRET = ("/p/<token>", "/api/p/<token>", "/media/<opaque_id>")
OPEN_TO_ALL = {
    "/", "/studies/<slug>/", "/healthz", "/desk/login", "/static/<path:filename>",
    "/assets/<version>/<path:filename>",
}  # fmt: skip
WITH_A_TOKEN_OF_THEIR_OWN = ("/api/",)
"""Addresses for programs, which `listening.views` guards in other ways."""
VALUES = {"slug": "test", "kind": "csv", "label": "P001", "n": 1, "number": 1, "name": "x"}


def join(client: FlaskClient, key: str) -> str:
    """A participant's token."""
    return client.post("/studies/test/", data={"join_key": key * 16}).location.split("/")[-1]


def desk_addresses(app: Flask, method: str) -> list[str]:
    """One address of each rule of the desk that takes the method."""
    addresses = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/desk/") and method in (rule.methods or ()):
            values = {name: VALUES.get(name, "1") for name in rule.arguments}
            with app.test_request_context():
                addresses.append(app.url_for(rule.endpoint, **values))
    return sorted(set(addresses) - {"/desk/login"})


def test_every_address_is_open_on_purpose_or_guarded(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules()} - OPEN_TO_ALL
    loose = {
        rule
        for rule in rules
        if not rule.startswith(("/desk/", *GUARDED_BY_A_SECRET, *WITH_A_TOKEN_OF_THEIR_OWN))
    }
    assert loose == set()


def test_everything_of_the_desk_leads_strangers_to_the_login(app: Flask, desk: FlaskClient) -> None:
    stranger = app.test_client()
    for method in ("GET", "POST", "PUT"):
        for address in desk_addresses(app, method):
            if address == "/desk/logout":
                continue
            answer = stranger.open(address, method=method)
            refused = answer.status_code in (400, 401) or (
                answer.status_code == 302 and answer.location.startswith("/desk/login")
            )
            assert refused, (method, address, answer.status_code)


def test_everything_that_the_desk_changes_needs_a_form_of_its_own(
    app: Flask, desk: FlaskClient
) -> None:
    for address in desk_addresses(app, "POST"):
        if "/preview/" not in address:  # where nothing changes
            assert desk.post(address).status_code == 400, address


@pytest.mark.parametrize(
    "path",
    [
        "/instance/blindmix.sqlite",
        "/static/../../instance/secret_key",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static/%2fetc/passwd",
        "/assets/1/../../instance/secret_key",
        "/assets/1/%2e%2e/%2e%2e/app.py",
        "/media/../../secret_key",
        "/media/..%2f..%2fsecret_key",
        "/studies/..%2f..%2fsecret_key/",
        "/ratings.csv",
        "/results.json",
        "/api/p/P001/pages/1",
        "/p/P001",
        "/p/1",
    ],
)
def test_no_path_leads_out_and_no_name_can_be_guessed(
    client: FlaskClient, add_study: Callable[..., str], path: str
) -> None:
    add_study()
    join(client, "a")
    assert client.get(path, follow_redirects=True).status_code in (404, 405)


def test_nobody_writes_into_another_run(
    client: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"])
    mine, theirs = join(client, "a"), join(client, "b")
    body = fill(page_data(client.get(f"/p/{theirs}", follow_redirects=True)))
    answer = client.put(f"/api/p/{mine}/pages/1", json=body)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"
    with database.read() as session:
        assert tidy_ratings(session, find_study(session, "test"), simulated=False) == []


def test_nobody_sees_another_run(
    client: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"])
    mine, theirs = join(client, "a"), join(client, "b")
    pages = {
        token: client.get(f"/p/{token}", follow_redirects=True).text for token in (mine, theirs)
    }
    ids = {
        token: {item["id"] for item in json.loads(found)["stimuli"]}
        for token, found in (
            (token, re.search(r'id="page-data">(.*?)</script>', text, re.S).group(1))  # type: ignore[union-attr]
            for token, text in pages.items()
        )
    }
    assert not ids[mine] & ids[theirs]
    assert theirs not in pages[mine]
    assert all(opaque not in pages[mine] for opaque in ids[theirs])
    for cut in (theirs[:-1], theirs + "A", theirs.swapcase()):
        assert client.get(f"/p/{cut}").status_code == 404
        assert client.put(f"/api/p/{cut}/pages/1", json={"revision": 1}).status_code == 404
        assert client.post(f"/api/p/{cut}/events", json={"events": []}).status_code == 404
    assert all(len(token) >= 22 for token in (mine, theirs))  # 128 bits


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"x" * (2**20 + 1), {}, 413),
        (b"[" * 500_000, {}, 400),
        (b'{"revision": 1, "answers": ' + b'{"a":' * 100_000 + b"}" * 100_000 + b"}", {}, 400),
        (gzip.compress(b" " * 2**24), {"Content-Encoding": "gzip"}, 400),
        (b'{"revision": ' + b"9" * 100_000 + b"}", {}, 400),
    ],
    ids=["too long", "nested lists", "nested answers", "gzip bomb", "huge number"],
)
def test_bombs_are_refused(
    client: FlaskClient,
    add_study: Callable[..., str],
    content: bytes,
    headers: dict[str, str],
    status: int,
) -> None:
    add_study()
    token = join(client, "a")
    answer = client.put(f"/api/p/{token}/pages/1", data=content, headers=headers)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/studies/%00/",
        "/studies/test/?PROLIFIC_PID=%00",
        "/p/%00",
        "/media/%00",
        "/desk/studies/%00/",
        f"/desk/studies/test/preview/sounds/{10**20}",
        f"/desk/studies/test/preview/{10**20}",
        "/desk/studies/test/participants/P%D9%A1",
        "/studies/%ED%A0%80/",
        "/studies/%F0%9F%98%80/",
        "/api/v1/studies/%00",
    ],
)
def test_odd_addresses_are_no_failures_of_the_server(desk: FlaskClient, path: str) -> None:
    assert desk.get(path).status_code in (400, 401, 404)


@pytest.mark.parametrize("field", ["name", "password", "csrf_token"])
def test_a_form_with_nul_in_it_is_refused(client: FlaskClient, field: str) -> None:
    assert client.post("/desk/login", data={field: "a\0b"}).status_code == 400


def test_a_body_of_the_api_is_read_whatever_it_is_called(
    client: FlaskClient, add_study: Callable[..., str]
) -> None:
    add_study(pages=["ratings"])
    data = page_data(client.get(f"/p/{join(client, 'a')}", follow_redirects=True))
    kind = "application/x-www-form-urlencoded"
    answer = client.put(data["api"]["page"], data=json.dumps(fill(data)), content_type=kind)
    assert answer.status_code == 200


def test_a_nul_costs_nothing_of_an_answer(
    client: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"], options={"comments": True})
    data = page_data(client.get(f"/p/{join(client, 'a')}", follow_redirects=True))
    body = {**fill(data), "comment": "be\0fore", "complete": True}
    assert client.put(data["api"]["page"], json=body).status_code == 200
    with database.read() as session:
        (participant,) = find_study(session, "test").participants
        assert participant.visits[0].comment == "before"


@pytest.mark.parametrize(
    ("at", "data"),
    [
        ("9999-12-31T23:59:59-23:59", "{}"),
        ("0001-01-01T00:00:00+23:59", "{}"),
        ("2026-05-04T10:00:00Z", '{"x": NaN}'),
        ("2026-05-04T10:00:00Z", '{"x": 1e999}'),
        ("2026-05-04T10:00:00Z", f'{{"x": "{"a" * 10_000}"}}'),
    ],
)
def test_events_that_no_database_keeps_are_refused(
    client: FlaskClient, add_study: Callable[..., str], at: str, data: str
) -> None:
    add_study()
    event = f'{{"at": "{at}", "page": 1, "name": "play", "data": {data}}}'
    content = f'{{"events": [{event}]}}'
    assert client.post(f"/api/p/{join(client, 'a')}/events", data=content).status_code == 400


def test_a_sound_of_too_many_bytes_is_not_read(
    write_study: Callable[..., Path], stimuli_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "set"
    shutil.copytree(stimuli_folder, folder)
    with (folder / "ballad" / "mono.wav").open("r+b") as file:
        file.truncate(MAX_BYTES + 1)  # takes no room on disk
    source = read_study_file(write_study(manifest=str(folder)))
    with pytest.raises(ValueError, match="256 MiB, too large for a stimulus"):
        make_study(source, tmp_path / "kept")


@pytest.mark.parametrize("path", ["../secret_key", "/etc/passwd", "a\\b.wav", "a/../../b.wav"])
def test_a_manifest_names_nothing_outside_its_folder(stimuli_folder: Path, path: str) -> None:
    stimulus = read_manifest(stimuli_folder).stimuli[0]
    with pytest.raises(ValueError, match="leads out of its folder"):
        replace(stimulus, path=path)


@pytest.mark.parametrize(
    "change",
    [
        {"path": None}, {"passage": None}, {"system": ""}, {"duration_s": -1},
        {"sample_rate_hz": []}, {"loudness_lufs": float("nan")}, {"start_s": True},
    ],
)  # fmt: skip
def test_a_manifest_says_what_its_sounds_are(stimuli_folder: Path, change: dict[str, Any]) -> None:
    stimulus = read_manifest(stimuli_folder).stimuli[0]
    with pytest.raises(ValueError, match=f"{next(iter(change))} is|is no sound"):
        replace(stimulus, **change)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"blindmix_manifest": 1}'])
def test_what_is_no_manifest_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"manifest.json (is not JSON|holds no 'stimuli')"):
        read_manifest(tmp_path)


def test_tls_is_known_per_request_and_never_stored(app: Flask, desk: FlaskClient) -> None:
    before = dict(app.config)
    client = app.test_client()
    for scheme in ("https", "http", "https"):
        answer = client.get("/desk/login", base_url=f"{scheme}://study.example")
        assert ("Strict-Transport-Security" in answer.headers) == (scheme == "https")
        # A cookie over TLS is for TLS only; the next plain request begins a session of its own.
        secure = "Secure" in answer.headers.get("Set-Cookie", "")
        assert secure <= (scheme == "https")
    assert dict(app.config) == before


def test_a_failing_database_shows_no_values(
    database: Database, add_study: Callable[..., str]
) -> None:
    add_study()
    values = {"number": 1, "simulated": False, "join_key": "k", "completion_code": "c"}
    with database.write() as session:
        study = find_study(session, "test")
        study.participants = [Participant(token="a secret token", **values) for _ in range(2)]
        with pytest.raises(IntegrityError) as caught:
            session.flush()
        session.rollback()
    assert "a secret token" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('1.2.3.4 - - [now] "GET /p/s3-t_x/2" 200', '- - - [now] "GET /p/…/2" 200'),
        ('::1 - - [now] "PUT /api/p/abc/pages/1" 200', '- - - [now] "PUT /api/p/…/pages/1" 200'),
        ('1.2.3.4 - ada [now] "GET /media/abc" 200', '- - ada [now] "GET /media/…" 200'),
        ("Exception on /studies/a/?PROLIFIC_PID=5f [GET]", "Exception on /studies/a/?… [GET]"),
        ("Is it true? Yes.", "Is it true? Yes."),
    ],
)
def test_a_line_of_a_log_names_nobody(line: str, expected: str) -> None:
    assert redacted(line) == expected


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(address: str, tries: int = 1, **more: object) -> tuple[str, str]:
    """The text at an address and the address that it came from."""
    for left in range(tries - 1, -1, -1):
        try:
            with urlopen(Request(address, **more), timeout=10) as answer:  # type: ignore[arg-type]
                return answer.read().decode(), answer.url
        except URLError:
            if not left:
                raise
            time.sleep(0.2)
    raise AssertionError


def test_the_server_of_flask_run_logs_no_token_and_no_id(
    app: Flask, add_study: Callable[..., str]
) -> None:
    add_study()
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "flask", "run", "--port", str(port)],
        cwd=ROOT,
        env={
            **os.environ,
            "BLINDMIX_INSTANCE_PATH": app.config["INSTANCE_PATH"],
            "BLINDMIX_DATABASE_URL": app.config["DATABASE_URL"],
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        get(f"{address}/healthz", tries=200)
        get(f"{address}/studies/test/?PROLIFIC_PID=5f1e2d3c&SESSION_ID=abcdef")
        _, here = get(f"{address}/studies/test/", data=b"join_key=kkkkkkkkkkkkkkkkkkkk")
    finally:
        server.terminate()
        log = server.communicate(timeout=20)[1]
    token = here.split("/")[4]
    assert len(token) >= 22
    assert "GET /p/…/1 HTTP/1.1" in log
    assert token not in log
    assert "5f1e2d3c" not in log
    assert "127.0.0.1 -" not in log
