"""Saving a page: acknowledged states are kept, repeated, late and wrong ones change nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select, text

from listening.db import Database
from listening.models import Rating
from listening.pages.kinds import MOST_ATTRIBUTES
from listening.pages.questionnaire import MOST_QUESTIONS
from listening.pages.rating import MOST_STIMULI
from listening.runs import PageBody
from listening.study_file import StudyFileError


def data_of(client: FlaskClient, address: str) -> dict[str, Any]:
    found = re.search(
        r'id="page-data">(.*?)</script>', client.get(address, follow_redirects=True).text, re.S
    )
    assert found
    data: dict[str, Any] = json.loads(found.group(1))
    return data


@pytest.fixture
def page(client: FlaskClient, add_study: Callable[..., str]) -> dict[str, Any]:
    """A participant's first page, which is a rating page with four stimuli."""
    add_study(pages=["ratings"], options={"comments": True})
    token = client.post("/studies/test/", data={"join_key": "j" * 20}).location
    return data_of(client, token)


def body(page: dict[str, Any], revision: int, score: float | None = 50, **more: Any) -> Any:
    return {
        "revision": revision,
        "ratings": [
            {
                "stimulus": stimulus["id"],
                "attribute": "preference",
                "score": score,
                "rated_at": "2026-05-04T10:00:00.123Z",
                "listened_ms": 1000,
                "plays": 1,
            }
            for stimulus in page["stimuli"]
        ],
        "answers": {},
        "comment": "",
        "complete": False,
        **more,
    }


def scores(client: FlaskClient, page: dict[str, Any]) -> list[float | None]:
    saved = data_of(client, f"/p/{page['api']['page'].split('/')[3]}/{page['n']}")["saved"]
    return [rating["score"] for rating in saved["ratings"]] if saved else []


def test_the_saved_state_comes_back_as_it_was_sent(
    client: FlaskClient, page: dict[str, Any]
) -> None:
    sent = body(page, 3, 62.5, comment="Käse & <b>007</b>")
    answer = client.put(page["api"]["page"], json=sent)
    assert answer.status_code == 200
    assert answer.json is not None
    assert (answer.json["revision"], answer.json["complete"]) == (3, False)
    token = page["api"]["page"].split("/")[3]
    assert data_of(client, f"/p/{token}")["saved"] == sent


def test_a_repeated_save_changes_nothing(
    client: FlaskClient, page: dict[str, Any], database: Database
) -> None:
    answers = [client.put(page["api"]["page"], json=body(page, 1)).json for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    with database.read() as session:
        assert len(session.scalars(select(Rating)).all()) == 4


def test_a_late_state_is_answered_with_the_newer_one(
    client: FlaskClient, page: dict[str, Any]
) -> None:
    client.put(page["api"]["page"], json=body(page, 5, 80))
    late = client.put(page["api"]["page"], json=body(page, 4, 20))
    assert late.status_code == 200
    assert late.json is not None
    assert (late.json["revision"], late.json["stale"]) == (5, True)
    assert [rating["score"] for rating in late.json["saved"]["ratings"]] == [80] * 4
    assert scores(client, page) == [80] * 4


def test_who_changed_more_but_knows_less_undoes_nothing(
    client: FlaskClient, page: dict[str, Any]
) -> None:
    address = page["api"]["page"]
    for revision in (1, 2, 3):
        client.put(address, json=body(page, revision, 80, base=revision - 1, tab="laptop"))
    ahead = body(page, 9, None, base=0, tab="phone")
    answer = client.put(address, json=ahead).json
    assert (answer["stale"], answer["revision"]) == (True, 3)
    assert {rating["score"] for rating in answer["saved"]["ratings"]} == {80}
    assert set(scores(client, page)) == {80}
    answer = client.put(address, json=body(page, 10, 40, base=3, tab="phone")).json
    assert (answer["stale"], set(scores(client, page))) == (False, {40})
    # The laptop's next state was on its way before it heard of that.
    answer = client.put(address, json=body(page, 11, 20, base=3, tab="laptop")).json
    assert (answer["stale"], set(scores(client, page))) == (True, {40})


def test_a_tab_goes_on_before_it_heard_that_its_last_state_was_saved(
    client: FlaskClient, page: dict[str, Any]
) -> None:
    address = page["api"]["page"]
    client.put(address, json=body(page, 1, 10, base=0, tab="one"))
    answer = client.put(address, json=body(page, 2, 20, base=0, tab="one")).json
    assert (answer["stale"], set(scores(client, page))) == (False, {20})


def test_the_same_revision_of_another_tab_is_stale(
    client: FlaskClient, page: dict[str, Any]
) -> None:
    client.put(page["api"]["page"], json=body(page, 1, 80))
    other = client.put(page["api"]["page"], json=body(page, 1, 20, complete=True))
    assert other.json is not None
    assert other.json["stale"] is True
    assert other.json["complete"] is False
    assert scores(client, page) == [80] * 4


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(1, 12), min_size=1, max_size=12), salt=st.integers(0, 2**30))
def test_in_whatever_order_states_arrive_the_newest_stands(
    client: FlaskClient, page: dict[str, Any], order: list[int], salt: int
) -> None:
    token = client.post("/studies/test/", data={"join_key": f"salt-{salt:020d}"}).location
    fresh = data_of(client, token)
    before = (fresh["saved"] or {"revision": 0})["revision"]
    for revision in order:
        answer = client.put(fresh["api"]["page"], json=body(fresh, revision, revision))
        assert answer.status_code == 200
    assert scores(client, fresh) == [max(*order, before)] * 4


def test_a_partial_state_leaves_the_rest_as_it_is(
    client: FlaskClient, page: dict[str, Any]
) -> None:
    client.put(page["api"]["page"], json=body(page, 1, 40))
    partial = body(page, 2, 90)
    partial["ratings"] = partial["ratings"][:1]
    client.put(page["api"]["page"], json=partial)
    assert scores(client, page) == [90, 40, 40, 40]


@pytest.mark.parametrize(("more", "kept"), [({}, "Käse"), ({"comment": ""}, "")])
def test_a_comment_goes_only_where_it_is_taken_back(
    client: FlaskClient, page: dict[str, Any], more: dict[str, str], kept: str
) -> None:
    client.put(page["api"]["page"], json=body(page, 1, comment="Käse"))
    assert client.put(page["api"]["page"], json={"revision": 2, **more}).status_code == 200
    saved = data_of(client, f"/p/{page['api']['page'].split('/')[3]}")["saved"]
    assert (saved["comment"], saved["revision"]) == (kept, 2)


def test_an_incomplete_page_is_kept_but_not_left(client: FlaskClient, page: dict[str, Any]) -> None:
    sent = body(page, 1, 70, complete=True)
    sent["ratings"][0]["score"] = None
    sent["ratings"][1]["plays"] = 0
    refused = client.put(page["api"]["page"], json=sent)
    assert refused.status_code == 422
    assert refused.content_type == "application/problem+json"
    assert refused.json is not None
    assert refused.json["gaps"] == ["Not played yet: B.", "Not rated yet: A."]
    assert scores(client, page) == [None, 70, 70, 70]


def test_a_page_is_left_once_and_a_lost_acknowledgement_is_repeated(
    client: FlaskClient, page: dict[str, Any]
) -> None:
    sent = body(page, 1, 70, complete=True)
    first, again = (client.put(page["api"]["page"], json=sent) for _ in range(2))
    assert first.status_code == again.status_code == 200
    assert first.json == again.json
    assert first.json is not None
    assert first.json["next"] == page["next"]
    changed = client.put(page["api"]["page"], json=body(page, 2, 10))
    assert changed.status_code == 409
    assert scores(client, page) == [70] * 4


def test_a_page_ahead_cannot_be_saved_or_seen(client: FlaskClient, page: dict[str, Any]) -> None:
    token = page["api"]["page"].split("/")[3]
    assert client.put(f"/api/p/{token}/pages/2", json=body(page, 1)).status_code == 409
    assert client.get(f"/p/{token}/2").location == f"/p/{token}"
    assert client.get(f"/p/{token}/99").location == f"/p/{token}"


def test_closing_the_study_takes_nothing_from_who_has_begun(
    app: Any, client: FlaskClient, page: dict[str, Any]
) -> None:
    app.test_cli_runner().invoke(args=["study", "close", "test"])
    assert client.put(page["api"]["page"], json=body(page, 1, complete=True)).status_code == 200
    assert client.post("/studies/test/", data={"join_key": "n" * 20}).location == "/studies/test/"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"revision": 0}, 400),
        ({"revision": "many"}, 400),
        ({"revision": 2**40}, 400),
        ({"surprise": 1}, 400),
        ({"answers": {"age": "3"}}, 400),
        ({"comment": "x" * 10_001}, 400),
        ({"ratings": [{"stimulus": "nobody", "attribute": "preference", "score": 1}]}, 400),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    client: FlaskClient, page: dict[str, Any], change: dict[str, Any], status: int
) -> None:
    client.put(page["api"]["page"], json=body(page, 1, 33))
    answer = client.put(page["api"]["page"], json={**body(page, 2, 44), **change})
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert scores(client, page) == [33] * 4


@pytest.mark.parametrize("score", [-0.1, 100.1, "NaN", "Infinity", "high", True, [1]])
def test_scores_out_of_scale_are_refused(
    client: FlaskClient, page: dict[str, Any], score: object
) -> None:
    sent = json.dumps(body(page, 1, score=score))  # type: ignore[arg-type]
    answer = client.put(page["api"]["page"], data=sent.replace('"NaN"', "NaN"))
    assert answer.status_code == 400
    assert scores(client, page) == []


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"revision":1' * 9])
def test_what_is_no_state_is_a_problem(
    client: FlaskClient, page: dict[str, Any], data: bytes
) -> None:
    answer = client.put(page["api"]["page"], data=data)
    assert answer.status_code == 400
    assert answer.content_type == "application/problem+json"


def test_another_participants_stimuli_are_refused(
    client: FlaskClient, page: dict[str, Any]
) -> None:
    other = data_of(client, client.post("/studies/test/", data={"join_key": "o" * 20}).location)
    assert client.put(other["api"]["page"], json=body(page, 1)).status_code == 400
    assert scores(client, other) == []


def test_a_state_holds_as_many_ratings_as_a_page_can_have() -> None:
    """26 stimuli and 12 attributes passed the check of the study, and then no save was taken."""
    one = {"stimulus": "s", "attribute": "a", "score": 1.5}
    most = MOST_STIMULI * MOST_ATTRIBUTES
    assert len(PageBody.model_validate({"revision": 1, "ratings": [one] * most}).ratings) == most
    with pytest.raises(ValidationError, match="at most 312"):
        PageBody.model_validate({"revision": 1, "ratings": [one] * (most + 1)})


def test_as_many_questions_as_a_study_may_have_are_answered(
    client: FlaskClient, add_study: Callable[..., str]
) -> None:
    questions = [
        {"key": f"of_{at}", "question": "?", "required": False} for at in range(MOST_QUESTIONS)
    ]
    more = {"key": "one_more", "question": "?"}
    pages = [{"type": "questionnaire", "questions": questions}]
    add_study(slug="many", pages=pages)
    address = client.post("/studies/many/", data={"join_key": "k" * 20}).location
    data = data_of(client, address)
    sent = {"revision": 1, "answers": {question["key"]: "yes" for question in questions}}
    assert client.put(data["api"]["page"], json=sent).status_code == 200
    with pytest.raises(StudyFileError, match=r"pages\[0\].questions: list should have at most 200"):
        add_study(slug="more", pages=[{**pages[0], "questions": [*questions, more]}])


def test_a_form_that_cannot_be_taken_is_no_internal_error(
    client: FlaskClient, add_study: Callable[..., str]
) -> None:
    add_study(slug="form", pages=["questionnaire"])
    address = client.post("/studies/form/", data={"join_key": "k" * 20}).location
    data = data_of(client, address)
    last = {"revision": 2**31 - 1, "answers": {"remarks": "kept"}}
    assert client.put(data["api"]["page"], json=last).status_code == 200
    answer = client.post(f"{address}/1", data={"remarks": "lost"})
    assert answer.status_code == 400
    assert data_of(client, address)["saved"]["answers"] == {"remarks": "kept"}


def test_too_much_is_refused(client: FlaskClient, page: dict[str, Any]) -> None:
    answer = client.put(page["api"]["page"], data=b"x" * (2**20 + 1))
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"


def test_events_are_kept(client: FlaskClient, page: dict[str, Any], database: Database) -> None:
    event = {"at": "2026-05-04T10:00:00Z", "page": 1, "name": "play", "data": {"stimulus": "A"}}
    # A beacon cannot choose its content type.
    answer = client.post(
        page["api"]["events"],
        data=json.dumps({"events": [event, event]}),
        content_type="text/plain",
    )
    assert answer.status_code == 204
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM event")).scalar() == 2


def test_events_whose_answer_was_lost_are_kept_once(
    client: FlaskClient, page: dict[str, Any], database: Database
) -> None:
    first = {"at": "2026-05-04T10:00:00.5Z", "page": 1, "name": "play", "data": {"stimulus": "A"}}
    others = [
        {**first, "at": "2026-05-04T10:00:00.501Z"}, {**first, "data": {"stimulus": "B"}},
        {**first, "name": "switch"},
    ]  # fmt: skip
    for batch in ([first], [first, *others], [first, *others]):
        assert client.post(page["api"]["events"], json={"events": batch}).status_code == 204
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM event")).scalar() == 4


def test_a_double_click_on_start_is_one_run(
    client: FlaskClient, add_study: Callable[..., str]
) -> None:
    add_study()
    first, second = (
        client.post("/studies/test/", data={"join_key": "d" * 20}).location for _ in range(2)
    )
    assert first == second
    assert "Continue where you left off" in client.get("/studies/test/").text
