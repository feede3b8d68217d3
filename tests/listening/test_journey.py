"""A whole run over HTTP, as a browser would make it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from listening.db import Database
from listening.export import tidy_ratings
from listening.studies import find_study


def page_data(answer: TestResponse) -> dict[str, Any]:
    found = re.search(r'id="page-data">(.*?)</script>', answer.text, re.S)
    assert found, answer.text
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def join(client: FlaskClient, slug: str = "test", key: str = "k" * 16) -> str:
    answer = client.post(f"/studies/{slug}/", data={"join_key": key})
    assert answer.status_code == 303
    return answer.location


def fill(data: dict[str, Any], revision: int = 1, complete: bool = True) -> dict[str, Any]:
    """A state that rates every stimulus: 10.5, 20.5, … by position."""
    return {
        "revision": revision,
        "ratings": [
            {
                "stimulus": stimulus["id"],
                "attribute": attribute["key"],
                "score": 10.0 * position + 0.5,
                "rated_at": "2026-01-01T12:00:00.000Z",
                "listened_ms": 4000,
                "plays": 2,
            }
            for position, stimulus in enumerate(data["stimuli"], start=1)
            for attribute in data["attributes"]
        ],
        "answers": {},
        "comment": "",
        "complete": complete,
    }


def walk(client: FlaskClient, address: str) -> list[str]:
    """Go through all pages; returns their kinds."""
    kinds = []
    for _ in range(50):
        answer = client.get(address, follow_redirects=True)
        assert answer.status_code == 200
        data = page_data(answer)
        kinds.append(data["kind"])
        if data["next"] is None:
            return kinds
        if data["stimuli"]:
            saved = client.put(data["api"]["page"], json=fill(data))
            assert saved.status_code == 200, saved.text
            assert saved.json is not None
            address = saved.json["next"]
        else:
            form = {"agree": "yes", "experience": "None", "headphones": "Headphones"}
            posted = client.post(f"{answer.request.path}", data=form)
            assert posted.status_code == 303, posted.text
            address = posted.location
    raise AssertionError("the study does not end")


@pytest.mark.parametrize("interface", ["mushra", "ape"])
def test_a_run_from_consent_to_thanks(
    client: FlaskClient, add_study: Callable[..., str], database: Database, interface: str
) -> None:
    add_study(interface=interface)
    kinds = walk(client, join(client))
    assert kinds == [
        "consent", "instructions", "volume", interface, interface, interface, interface,
        "questionnaire", "thanks",
    ]  # fmt: skip
    with database.read() as session:
        study = find_study(session, "test")
        ratings = tidy_ratings(session, study, simulated=False)
        person = study.participants[0]
        assert person.finished_at is not None
        assert person.consented_at is not None
        assert person.consent_version == study.consent_version
        assert tidy_ratings(session, study, simulated=True) == []
    stimuli_a_page = 4
    assert len(ratings) == 3 * stimuli_a_page
    assert all(rating.score == 10 * rating.position + 0.5 for rating in ratings)
    assert {rating.role for rating in ratings} == {"system", "reference", "anchor"}
    assert person.completion_code in client.get(f"/p/{person.token}", follow_redirects=True).text


def test_the_pages_of_a_group_are_met_together(
    client: FlaskClient, add_study: Callable[..., str]
) -> None:
    pair = [{"type": "instructions"}, {"type": "mushra", "passages": ["waltz"]}]
    group = {
        "type": "group",
        "pages": [{"type": "group", "order": "fixed", "pages": pair}, "volume", "trap"],
    }
    add_study(pages=["consent", group, "questionnaire"])
    orders = set()
    for number in range(12):
        with client.session_transaction() as cookies:
            cookies.clear()
        join(client, key=f"{number:016}")
        orders.add(tuple(kinds_of_last_run(client)))
    assert {order[0] for order in orders} == {"consent"}
    assert {order[-2:] for order in orders} == {("questionnaire", "thanks")}
    assert all(order[order.index("instructions") + 1] == "mushra" for order in orders)
    assert len(orders) > 3


def kinds_of_last_run(client: FlaskClient) -> list[str]:
    database: Database = client.application.extensions["blindmix_database"]
    with database.read() as session:
        return [visit.page.kind for visit in find_study(session, "test").participants[-1].visits]
