"""The API for researchers: who may, what comes, and that it is as it is described."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from sqlalchemy import select
from werkzeug.test import TestResponse

from listening.audit import note
from listening.db import Database
from listening.export import COLUMNS
from listening.models import ApiToken, AuditEntry, Participant
from listening.rest import listing
from listening.rest.operations import OPERATIONS, PREFIX
from listening.runs import EventBody, add_events
from listening.simulate import simulate
from listening.studies import find_study
from tests.listening.test_journey import fill, page_data

STUDY = f"{PREFIX}/studies/test"
ADDRESSES = {
    "openapi": f"{PREFIX}/openapi.json",
    "studies": f"{PREFIX}/studies",
    "study": STUDY,
    "participants": f"{STUDY}/participants?simulated=true",
    "participant": f"{STUDY}/participants/S001",
    "events": f"{STUDY}/participants/S001/events",
    "ratings": f"{STUDY}/ratings?simulated=true",
    "answers": f"{STUDY}/answers?simulated=true",
    "export": f"{STUDY}/export/csv?simulated=true",
    "change_study": STUDY,
    "delete_participant": f"{STUDY}/participants/S001",
}
"""An address of each operation."""

Ask = Callable[..., TestResponse]


@pytest.fixture
def token(app: Flask) -> Callable[[str], str]:
    """Make a token of a role; its secret."""

    def make(role: str) -> str:
        run = app.test_cli_runner().invoke
        done = run(args=["api-token", "create", f"my {role}", "--role", role])
        assert done.exit_code == 0, done.output
        return done.stdout.strip()

    return make


@pytest.fixture
def ask(
    client: FlaskClient, add_study: Callable[..., str], database: Database,
    token: Callable[[str], str],
) -> Ask:  # fmt: skip
    """Ask the API as an owner about a study with three simulated participants."""
    add_study(pages=["consent", "ratings", "questionnaire"])
    event = {"at": "2026-05-04T10:00:00Z", "page": 2, "name": "play"}
    with database.write() as session:
        study = find_study(session, "test")
        simulate(session, study, 3)
        shown = study.participants[0].visits[1].presentations[1]
        add_events(
            session,
            study.participants[0],
            [EventBody.model_validate({**event, "data": {"stimulus": shown.opaque_id, "at_s": 1}})],
        )
    header = {"Authorization": f"Bearer {token('owner')}"}

    def ask(address: str, method: str = "GET", **more: Any) -> TestResponse:
        return client.open(address, method=method, headers=header, **more)

    return ask


def all_parts(ask: Ask, address: str) -> list[list[dict[str, Any]]]:
    parts = []
    following: str | None = address
    while following:
        answer = ask(following)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        parts.append(answer.json["items"])
        following = answer.json["next"]
    return parts


def test_the_description_is_valid_and_has_exactly_the_routes(app: Flask, ask: Ask) -> None:
    described = ask(ADDRESSES["openapi"]).json
    assert described is not None
    OpenAPIV31SpecValidator(described).validate()
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(PREFIX)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert {(path, method) for path, item in described["paths"].items() for method in item} == (
        routes
    )
    assert set(ADDRESSES) == {operation.name for operation in OPERATIONS}


@pytest.mark.parametrize("name", [item.name for item in OPERATIONS if item.method == "GET"])
def test_answers_are_as_described(ask: Ask, name: str) -> None:
    described = ask(ADDRESSES["openapi"]).json
    assert described is not None
    found = [
        item["get"] for item in described["paths"].values()
        if item.get("get", {}).get("operationId") == name
    ]  # fmt: skip
    answer = ask(ADDRESSES[name])
    assert answer.status_code == 200, answer.text
    content = found[0]["responses"]["200"]["content"]
    assert answer.content_type in content
    if schema := content[answer.content_type].get("schema"):
        whole = {**schema, "components": described["components"]}
        Draft202012Validator(whole).validate(answer.json)
        assert answer.json.get("items") != []


def test_nothing_that_comes_lets_anybody_into_a_run(ask: Ask, database: Database) -> None:
    with database.read() as session:
        people = session.scalars(select(Participant)).all()
        secrets = [secret for person in people for secret in (person.token, person.join_key)]
        shown = [
            item.opaque_id
            for person in people
            for visit in person.visits
            for item in visit.presentations
        ]
    got = "".join(ask(ADDRESSES[item.name]).text for item in OPERATIONS if item.method == "GET")
    assert [secret for secret in (*secrets, *shown) if secret in got] == []


@pytest.mark.parametrize(
    "header",
    [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer blindmix_wrong"},
     {"Authorization": "Basic YTpi"}],
)  # fmt: skip
def test_nobody_gets_anything_without_a_token(client: FlaskClient, header: dict[str, str]) -> None:
    answers = {
        item.name: client.open(ADDRESSES[item.name], method=item.method, headers=header)
        for item in OPERATIONS
    }
    assert {name for name, answer in answers.items() if answer.status_code == 200} == {"openapi"}
    refused = [answer for name, answer in answers.items() if name != "openapi"]
    assert {
        (answer.status_code, answer.content_type, answer.headers["WWW-Authenticate"])
        for answer in refused
    } == {(401, "application/problem+json", "Bearer")}


@pytest.mark.parametrize("name", [item.name for item in OPERATIONS if item.role == "owner"])
def test_a_viewer_changes_nothing(
    ask: Ask, client: FlaskClient, token: Callable[[str], str], name: str
) -> None:
    header = {"Authorization": f"Bearer {token('viewer')}"}
    method = next(item.method for item in OPERATIONS if item.name == name)
    before = ask(STUDY).json, ask(ADDRESSES["participants"]).json
    answer = client.open(ADDRESSES[name], method=method, headers=header, json={"status": "closed"})
    assert answer.status_code == 403
    assert answer.content_type == "application/problem+json"
    assert (ask(STUDY).json, ask(ADDRESSES["participants"]).json) == before
    assert client.get(STUDY, headers=header).status_code == 200


def test_a_token_is_stored_as_a_hash_and_can_be_revoked(
    app: Flask, client: FlaskClient, database: Database, token: Callable[[str], str]
) -> None:
    secret = token("viewer")
    run = app.test_cli_runner().invoke
    header = {"Authorization": f"Bearer {secret}"}
    assert len(secret) > 40
    with database.read() as session:
        stored = session.scalars(select(ApiToken)).one()
        assert secret not in (stored.secret_sha256, stored.name)
    assert "my viewer                viewer" in run(args=["api-token", "list"]).output
    again = run(args=["api-token", "create", "my viewer"])
    assert again.exit_code != 0
    assert "there is a token 'my viewer' already" in again.output
    assert client.get(ADDRESSES["studies"], headers=header).status_code == 200
    assert run(args=["api-token", "revoke", "my viewer"]).exit_code == 0
    assert client.get(ADDRESSES["studies"], headers=header).status_code == 401
    assert "there is no token" in run(args=["api-token", "revoke", "my viewer"]).output


@pytest.mark.parametrize("limit", [1, 5])
def test_the_parts_of_a_list_are_the_whole(ask: Ask, limit: int) -> None:
    for name in ("participants", "ratings", "answers"):
        whole = all_parts(ask, f"{ADDRESSES[name]}&limit=1000")
        parts = all_parts(ask, f"{ADDRESSES[name]}&limit={limit}")
        assert len(whole) == 1
        assert [item for part in parts for item in part] == whole[0]
        if name != "answers":
            assert max(map(len, parts)) <= limit


def test_whoever_reads_on_meets_every_rating_of_a_completed_page_once(
    ask: Ask, app: Flask, add_study: Callable[..., str]
) -> None:
    add_study(slug="live", pages=["ratings"])
    people = []
    for key in "abc":
        visitor = app.test_client()
        address = visitor.post("/studies/live/", data={"join_key": key * 16}).location
        people.append((visitor, address))
        # As browsers do at the first play: all ratings of the page, none with a score.
        data = page_data(visitor.get(address, follow_redirects=True))
        unrated = fill(data, complete=False)
        for rating in unrated["ratings"]:
            rating["score"] = None
        assert visitor.put(data["api"]["page"], json=unrated).status_code == 200

    def rate(who: int, complete: bool) -> None:
        visitor, address = people[who]
        data = page_data(visitor.get(address, follow_redirects=True))
        body = fill(data, revision=5 if complete else 2, complete=complete)
        assert visitor.put(data["api"]["page"], json=body).status_code == 200

    got: list[dict[str, Any]] = []

    def read_on() -> None:
        nonlocal after
        while True:
            answer = ask(f"{PREFIX}/studies/live/ratings?limit=3&after={after}").json
            assert answer is not None
            if answer["next"] is None:
                return
            got.extend(answer["items"])
            after = int(answer["next"].rpartition("=")[2])

    after = 0
    rate(2, complete=False)  # the highest rows, which are not given out before they are final
    for who in (1, 0, 2, 0, 1):
        rate(who, complete=True)
        read_on()
    assert app.test_client().post(f"{people[2][1]}/withdraw").status_code == 200
    rate(0, complete=True)
    read_on()
    got += all_parts(ask, f"{PREFIX}/studies/live/ratings?after={after}")[0]

    keys = [(row["participant"], row["page"], row["system"]) for row in got]
    assert len(set(keys)) == len(keys) == 6 * 4
    assert [key[0] for key in keys[::4]] == ["P002", "P001", "P003", "P001", "P002", "P001"]


def test_ratings_are_those_of_the_export(ask: Ask) -> None:
    exported = list(csv.DictReader(io.StringIO(ask(ADDRESSES["export"]).text)))
    got = all_parts(ask, ADDRESSES["ratings"])[0]
    assert len(got) == 3 * 3 * 4
    assert list(got[0]) == list(COLUMNS)
    keys = ("participant", "page", "system", "attribute")

    def table(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
        return {tuple(str(row[key]) for key in keys): float(row["score"]) for row in rows}

    assert table(got) == table(exported)


def test_real_and_simulated_people_never_mix(ask: Ask) -> None:
    for name in ("participants", "ratings", "answers"):
        real = ask(ADDRESSES[name].partition("?")[0]).json
        assert real == {"items": [], "next": None}


def test_events_name_stimuli_by_letter_and_system(ask: Ask) -> None:
    answer = ask(ADDRESSES["events"]).json
    assert answer is not None
    (event,) = answer["items"]
    assert re.fullmatch(r"A \(\w+\)", event["data"]["stimulus"])
    assert event["data"]["at_s"] == 1


def test_nobody_waits_while_a_changed_study_is_counted(
    ask: Ask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listening.db.BUSY_TIMEOUT_MS", 10)
    count = listing.study_whole

    def write_and_count(*what: Any) -> Any:
        with database.write() as session:
            note(session, "me", "saved meanwhile")
        return count(*what)

    monkeypatch.setattr(listing, "study_whole", write_and_count)
    assert ask(STUDY, "PATCH", json={"quota": 3}).status_code == 200


@pytest.mark.parametrize("quota", [12, None])
def test_an_owner_sets_the_quota(ask: Ask, quota: int | None) -> None:
    assert ask(STUDY, "PATCH", json={"quota": quota}).json["quota"] == quota  # type: ignore[index]
    assert ask(STUDY).json["quota"] == quota  # type: ignore[index]


@pytest.mark.parametrize(
    "change",
    [
        {"quota": True}, {"quota": "5"}, {"keep_until": 0}, {"keep_until": "0001-01-01"},
        {"keep_until": "2126-01-01T00:00:00"}, {"keep_until": "soon"},
    ],
)  # fmt: skip
def test_a_change_that_is_none_changes_nothing(ask: Ask, change: dict[str, Any]) -> None:
    before = ask(STUDY).json
    assert ask(STUDY, "PATCH", json={"status": "closed", **change}).status_code == 400
    assert ask(STUDY).json == before


def test_an_owner_closes_and_deletes_and_the_log_says_so(ask: Ask, database: Database) -> None:
    changed = ask(STUDY, "PATCH", json={"status": "closed", "keep_until": "2130-01-31"})
    assert changed.json is not None
    assert (changed.json["status"], changed.json["keep_until"]) == ("closed", "2130-01-31")
    assert ask(STUDY, "PATCH", json={"keep_until": None}).json["keep_until"] is None  # type: ignore[index]
    assert ask(STUDY).json["status"] == "closed"  # type: ignore[index]
    assert ask(ADDRESSES["delete_participant"], "DELETE").status_code == 204
    assert ask(ADDRESSES["participant"]).status_code == 404
    assert len(all_parts(ask, ADDRESSES["participants"])[0]) == 2
    ask(ADDRESSES["export"])
    with database.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.who, one.action, one.detail) for one in entries][1:] == [
        ("token my owner", "closed", ""),
        ("token my owner", "set retention", "until 2130-01-31"),
        ("token my owner", "set retention", "no date"),
        ("token my owner", "deleted participant", "S001"),
        ("token my owner", "took out ratings", "csv (simulated)"),
    ]


@pytest.mark.parametrize(
    ("address", "method", "more", "status", "message"),
    [
        (f"{PREFIX}/studies/none", "GET", {}, 404, "no study 'none'"),
        (f"{STUDY}/participants/P999", "GET", {}, 404, "no participant 'P999'"),
        (f"{STUDY}/participants/P%27--", "GET", {}, 404, "no participant"),
        (f"{STUDY}/export/xls", "GET", {}, 404, "there are csv"),
        (f"{STUDY}/ratings?limit=0", "GET", {}, 400, "limit"),
        (f"{STUDY}/ratings?limit=1001", "GET", {}, 400, "limit"),
        (f"{STUDY}/ratings?after=x", "GET", {}, 400, "after"),
        (f"{STUDY}/ratings?participant=P001", "GET", {}, 400, "participant"),
        (STUDY, "PATCH", {"data": b"{"}, 400, "JSON"),
        (STUDY, "PATCH", {"json": {"status": "ajar"}}, 400, "status"),
        (STUDY, "PATCH", {"json": {"slug": "other"}}, 400, "slug"),
        (STUDY, "PATCH", {"json": {"quota": 0}}, 400, "quota"),
        (STUDY, "DELETE", {}, 405, "not allowed"),
        (f"{PREFIX}/nothing", "GET", {}, 404, "not found"),
    ],
)
def test_errors_are_problems(
    ask: Ask, address: str, method: str, more: dict[str, Any], status: int, message: str
) -> None:
    answer = ask(address, method, **more)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    body = json.loads(answer.text)
    assert body["status"] == status
    assert message in body["detail"]


def test_the_documentation_has_every_operation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([A-Z]+) (/[^`]*)` \|", text, flags=re.M))
    assert rows == {
        (item.method, PREFIX + re.sub(r"<(\w+)>", r"{\1}", item.path)) for item in OPERATIONS
    }
