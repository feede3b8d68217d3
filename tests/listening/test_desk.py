"""The researchers' desk: nobody gets in without a login, and what it shows and changes."""

from __future__ import annotations

import csv
import io
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from listening import accounts
from listening.db import Database
from listening.login import limiter
from listening.models import Researcher
from listening.simulate import simulate
from listening.studies import find_study
from tests.at_the_desk import PASSWORD, csrf_token, log_in


@pytest.mark.parametrize(
    "path",
    [
        "/desk/",
        "/desk/studies/test/",
        "/desk/studies/test/progress",
        "/desk/studies/test/ratings/csv",
        "/desk/studies/test/answers",
    ],
)
def test_nothing_of_the_desk_is_seen_without_login(
    app: Flask, desk: FlaskClient, path: str
) -> None:
    assert desk.get(path).status_code == 200
    answer = app.test_client().get(path)
    assert answer.status_code == 302
    assert answer.location.startswith("/desk/login?next=")


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_login_says_no_more_than_that(
    app: Flask, desk: FlaskClient, name: str, password: str
) -> None:
    answer = log_in(app.test_client(), name, password)
    assert answer.status_code == 401
    assert "Name or password is wrong" in answer.text


def test_tries_are_limited(app: Flask, desk: FlaskClient) -> None:
    client = app.test_client()
    states = [log_in(client, "ada", "wrong").status_code for _ in range(12)]
    assert states[:5] == [401] * 5
    assert states[-1] == 429
    limiter.reset()


def test_a_form_without_its_token_changes_nothing(desk: FlaskClient) -> None:
    assert desk.post("/desk/studies/test/status", data={"status": "closed"}).status_code == 400
    assert "Close the study" in desk.get("/desk/studies/test/").text


@pytest.mark.parametrize(
    ("target", "place"),
    [
        ("?next=/desk/studies/test/", "/desk/studies/test/"),
        ("?next=https://evil.example/desk/", "/desk/"),
        ("?next=//evil.example/desk/", "/desk/"),
        ("?next=/p/secret", "/desk/"),
        ("?next=/desk/%0d%0aX:1", "/desk/"),
    ],
)
def test_login_leads_nowhere_but_to_the_desk(
    app: Flask, desk: FlaskClient, target: str, place: str
) -> None:
    assert log_in(app.test_client(), "ada", target=target).location == place


def test_an_owner_closes_and_opens(desk: FlaskClient) -> None:
    for status, offer in (("closed", "Open the study"), ("open", "Close the study")):
        token = csrf_token(desk.get("/desk/studies/test/"))
        sent = {"csrf_token": token, "status": status}
        assert desk.post("/desk/studies/test/status", data=sent).status_code == 303
        assert offer in desk.get("/desk/studies/test/").text


def test_a_viewer_may_look_and_not_change(app: Flask, desk: FlaskClient) -> None:
    client = app.test_client()
    log_in(client, "vera")
    page = client.get("/desk/studies/test/")
    assert "Close the study" not in page.text
    sent = {"csrf_token": csrf_token(page), "status": "closed"}
    assert client.post("/desk/studies/test/status", data=sent).status_code == 403


def test_logging_out_and_another_password_end_a_session(
    app: Flask, desk: FlaskClient, database: Database
) -> None:
    other = app.test_client()
    log_in(other, "ada")
    token = csrf_token(other.get("/desk/"))
    assert other.post("/desk/logout", data={"csrf_token": token}).status_code == 303
    assert other.get("/desk/").status_code == 302
    assert desk.get("/desk/").status_code == 200
    with database.write() as session:
        accounts.set_password(accounts.find_researcher(session, "ada"), "another password")
    assert desk.get("/desk/").status_code == 302


def test_progress_and_both_tables_keep_real_and_simulated_apart(
    desk: FlaskClient, database: Database, client: FlaskClient
) -> None:
    with database.write() as session:
        simulate(session, find_study(session, "test"), 3)
    client.get(
        client.post("/studies/test/", data={"join_key": "p" * 20}).location, follow_redirects=True
    )
    page = desk.get("/desk/studies/test/progress").text
    assert "1 joined, 0 finished, 0 ratings" in page
    assert "3 joined, 3 finished, 36 ratings" in page
    real = list(csv.DictReader(io.StringIO(desk.get("/desk/studies/test/ratings/csv").text)))
    assert real == []
    answer = desk.get("/desk/studies/test/ratings/csv?simulated=1")
    simulated = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(simulated) == 36
    assert 'filename="test-simulated.csv"' in answer.headers["Content-Disposition"]


@pytest.mark.parametrize("path", ["/", "/desk/login", "/studies/test/", "/nothing", "/healthz"])
def test_every_answer_carries_the_security_headers(
    client: FlaskClient, desk: FlaskClient, path: str
) -> None:
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_behind_tls_cookies_are_secure_and_hsts_is_sent(app: Flask, desk: FlaskClient) -> None:
    client = app.test_client()
    answer = client.get("/desk/login", base_url="https://study.example")
    assert "Strict-Transport-Security" in answer.headers
    assert "Secure; HttpOnly" in answer.headers["Set-Cookie"]
    sent = {"csrf_token": csrf_token(answer), "name": "ada", "password": PASSWORD}
    done = client.post(
        "/desk/login",
        data=sent,
        base_url="https://study.example",
        headers={"Referer": "https://study.example/desk/login"},
    )
    assert done.status_code == 303


def test_no_page_has_inline_script_or_style(client: FlaskClient, desk: FlaskClient) -> None:
    pages = [
        desk.get(path).text for path in ("/desk/", "/desk/studies/test/", "/", "/studies/test/")
    ]
    for text in pages:
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", text)


def test_passwords_are_kept_as_argon2_hashes(desk: FlaskClient, database: Database) -> None:
    with database.read() as session:
        hashes = [found.password_hash for found in session.query(Researcher)]
    assert len(hashes) == 2
    assert all(text.startswith("$argon2id$") and PASSWORD not in text for text in hashes)


@pytest.mark.parametrize(
    "name",
    ["command line", "Command  Line", " participant", "token", "token my-notebook", "Token\tx"],
)
def test_nobody_is_called_as_the_log_calls_others(
    desk: FlaskClient, database: Database, name: str
) -> None:
    with (
        database.write() as session,
        pytest.raises(ValueError, match="stands for others in the log"),
    ):
        accounts.add_researcher(session, name, PASSWORD)


@pytest.mark.parametrize("name", ["", "  ", "a\x1b[31mda", "ada\n", "a" * 81])
def test_a_name_can_be_read(desk: FlaskClient, database: Database, name: str) -> None:
    with database.write() as session, pytest.raises(ValueError, match="use 1 to 80 characters"):
        accounts.add_researcher(session, name, PASSWORD)


def test_short_passwords_and_doubled_names_are_refused(
    desk: FlaskClient, database: Database
) -> None:
    with database.write() as session:
        for password in ("short", "x" * 1001):
            with pytest.raises(ValueError, match=f"has {len(password)} characters; use 10 to 1000"):
                accounts.add_researcher(session, "eve", password)
        with pytest.raises(ValueError, match="there is a researcher 'ada' already"):
            accounts.add_researcher(session, "ada", PASSWORD)


def test_the_researcher_commands(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    assert run(args=["researcher", "add", "ada"], input=typed).exit_code == 0
    assert run(args=["researcher", "add", "ada"], input=typed).exit_code != 0
    assert "ada" in run(args=["researcher", "list"]).output
    assert run(args=["researcher", "remove", "ada"]).exit_code == 0
    assert run(args=["researcher", "list"]).output == ""
