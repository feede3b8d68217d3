"""A curious participant compares everything that a browser gets and finds no difference."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from listening.db import Database
from listening.models import Presentation

PARTICIPANTS = 24


def page_texts(client: FlaskClient, count: int) -> list[str]:
    return [
        client.get(
            client.post("/studies/test/", data={"join_key": f"{at:020d}"}).location,
            follow_redirects=True,
        ).text
        for at in range(count)
    ]


def page_data(text: str) -> dict[str, Any]:
    found = re.search(r'id="page-data">(.*?)</script>', text, re.S)
    assert found
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def roles(database: Database) -> dict[str, tuple[str, str]]:
    """What each opaque id hides: system and role."""
    with database.read() as session:
        shown = session.scalars(select(Presentation)).all()
        return {item.opaque_id: (item.stimulus.system, item.stimulus.role) for item in shown}


@pytest.fixture
def texts(client: FlaskClient, add_study: Callable[..., str]) -> list[str]:
    add_study(pages=["ratings"])
    return page_texts(client, 3)


def test_no_name_of_a_system_song_or_role_reaches_the_page(texts: list[str]) -> None:
    for text in texts:
        # "reference" is the one key that the open reference has in the data of the page.
        data = page_data(text)
        data.pop("reference")
        rest = json.dumps(data) + re.sub(r'id="page-data">.*?</script>', "", text, flags=re.S)
        for word in ("target", "mono", "random", "anchor", "ballad", "march", "waltz", "system"):
            assert word not in rest.lower(), word


def test_stimuli_differ_in_nothing_but_random_ids(texts: list[str]) -> None:
    for text in texts:
        stimuli = page_data(text)["stimuli"]
        assert [stimulus["label"] for stimulus in stimuli] == ["A", "B", "C", "D"]
        assert {tuple(stimulus) for stimulus in stimuli} == {("id", "label", "url")}
        assert {len(stimulus["id"]) for stimulus in stimuli} == {22}
        assert all(stimulus["url"] == f"/media/{stimulus['id']}" for stimulus in stimuli)


def test_no_id_is_used_twice(texts: list[str]) -> None:
    ids = [stimulus["id"] for text in texts for stimulus in page_data(text)["stimuli"]]
    assert len(set(ids)) == len(ids)


def test_every_answer_has_the_same_headers_and_length(
    client: FlaskClient, texts: list[str]
) -> None:
    page = page_data(texts[0])
    sounds = [*page["stimuli"], page["reference"]]
    answers = [client.get(sound["url"]) for sound in sounds]
    headers = {tuple(answer.headers) for answer in answers}
    assert len(headers) == 1
    names = {name.lower() for name, _ in headers.pop()}
    assert not names & {"etag", "last-modified", "content-disposition", "age", "set-cookie", "date"}
    assert len({answer.data for answer in answers}) == len(sounds)
    assert {answer.data[:44] for answer in answers} == {answers[0].data[:44]}


def test_asking_again_or_for_a_part_tells_nothing(client: FlaskClient, texts: list[str]) -> None:
    sounds = page_data(texts[0])["stimuli"]
    for asked in ({"Range": "bytes=0-9"}, {"If-None-Match": "*"}, {"If-Modified-Since": "now"}):
        answers = [client.get(sound["url"], headers=asked) for sound in sounds]
        assert {answer.status_code for answer in answers} == {200}
        assert len({tuple(answer.headers) for answer in answers}) == 1


def test_every_system_stands_at_every_place(
    client: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"])
    texts = page_texts(client, PARTICIPANTS)
    hidden = roles(database)
    at = Counter(
        (place, hidden[stimulus["id"]][0])
        for text in texts
        for place, stimulus in enumerate(page_data(text)["stimuli"])
    )
    # 24 participants, 4 places: about 6 each; 0 would have a chance of 0.75**24 = 0.1 % each, and
    # the orders are seeded, so this is as constant as it looks.
    assert set(at) == {
        (place, system) for place in range(4) for system in ("target", "mono", "random", "anchor35")
    }


def test_tags_of_a_sound_file_do_not_reach_the_browser(
    client: FlaskClient, texts: list[str]
) -> None:
    data = client.get(page_data(texts[0])["stimuli"][0]["url"]).data
    assert data[36:40] == b"data"
    assert len(data) == 44 + 4410 * 4


@pytest.mark.parametrize("name", ["..%2f..%2fsecret_key", "1", "ballad", "a" * 22])
def test_a_guessed_address_is_not_found(client: FlaskClient, texts: list[str], name: str) -> None:
    assert client.get(f"/media/{name}").status_code == 404
