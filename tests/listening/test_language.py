"""Five languages with the same words; the study and the browser choose; answers stay one."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from listening import __file__ as room
from listening.db import DatabaseUnusableError, SchemaError
from listening.language import LANGUAGES, catalogue, is_translated, resolve
from listening.runs import LockedError
from tests.listening.test_journey import page_data


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_has_every_word_with_its_placeholders(language: str) -> None:
    english, words = catalogue("en"), catalogue(language)
    assert list(words) == list(english)
    for key, text in words.items():
        assert placeholders(text) == placeholders(english[key]), key
        assert text.strip(), key


def used_words() -> set[str]:
    """Keys that templates, scripts and the server name."""
    folder = Path(room).parent
    files = [*folder.rglob("*.html"), *folder.glob("static/js/**/*.js"), *folder.rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return set(
        re.findall(r"""\b(?:t|word|everywhere|Message|choices)\(\s*["']([a-z_0-9]+)["']""", text)
    )


def test_every_word_that_is_named_is_there() -> None:
    assert used_words() <= set(catalogue("en"))


@pytest.mark.parametrize(
    ("offered", "asked", "expected", "way"),
    [
        (["en"], "de", "en", "ltr"),
        (["en", "de"], "de-CH,fr;q=0.8", "de", "ltr"),
        (["fr", "es"], "ja", "fr", "ltr"),
        (["en", "ar"], "ar", "ar", "rtl"),
    ],
)
def test_the_browser_chooses_among_what_the_study_offers(
    client: FlaskClient,
    add_study: Callable[..., str],
    offered: list[str],
    asked: str,
    expected: str,
    way: str,
) -> None:
    add_study(languages=offered, title={"en": "Mixes", "de": "Mischungen", "ar": "مزائج"})
    headers = {"Accept-Language": asked}
    door = client.get("/studies/test/", headers=headers).text
    assert f'<html lang="{expected}" dir="{way}">' in door
    assert catalogue(expected)["start"] in door
    joined = client.post("/studies/test/", data={"join_key": "k" * 16}, headers=headers)
    page = client.get(joined.location, headers=headers, follow_redirects=True)
    assert f'<html lang="{expected}" dir="{way}">' in page.text
    assert catalogue(expected)["consent_agree"] in page.text
    assert ("Mischungen" in page.text) == (expected == "de")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("path", "form", "status", "key"),
    [
        ("/", None, 200, "choose_study"),
        ("/studies/none/", None, 404, "error_404_text"),
        ("/p/nobody", None, 404, "error_404_text"),
        ("/nothing", None, 404, "error_404_text"),
        ("/studies/test/", {"join_key": "short"}, 400, "error_other_text"),
        ("/studies/test/", {"x": "x" * 2**20}, 413, "error_413_text"),
    ],
)
def test_what_is_no_page_of_a_study_is_in_the_language_of_the_browser(
    client: FlaskClient, add_study: Callable[..., str], language: str,
    path: str, form: dict[str, str] | None, status: int, key: str,
) -> None:  # fmt: skip
    add_study(languages=["de"])
    method = "GET" if form is None else "POST"
    headers = {"Accept-Language": f"{language}-XX, ja;q=0.5"}
    answer = client.open(path, method=method, data=form, headers=headers)
    assert answer.status_code == status
    assert f'<html lang="{language}" dir="' in answer.text
    assert str(escape(catalogue(language)[key])) in answer.text
    if status != 200:
        assert str(escape(catalogue(language)["all_studies"])) in answer.text


def test_a_page_that_was_finished_elsewhere_says_so_in_the_language_of_the_study(
    client: FlaskClient, add_study: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise LockedError

    monkeypatch.setattr("listening.views.participant.save_page", locked)
    add_study(languages=["fr"])
    address = client.post("/studies/test/", data={"join_key": "k" * 16}).location
    refused = client.post(f"{address}/1", headers={"Accept-Language": "de"})
    assert refused.status_code == 409
    assert catalogue("fr")["error_409_text"] in refused.text


def test_a_run_that_was_deleted_is_missed_in_the_language_of_the_browser(
    client: FlaskClient,
) -> None:
    headers = {"Accept-Language": "es"}
    answer = client.put(f"/api/p/{'x' * 22}/pages/1", json={"revision": 1}, headers=headers)
    assert answer.json is not None
    assert answer.json["detail"] == catalogue("es")["error_404_text"]


def test_the_desk_is_in_english_whatever_the_browser_prefers(desk: FlaskClient) -> None:
    for path in ("/desk/", "/desk/studies/none/"):
        assert '<html lang="en"' in desk.get(path, headers={"Accept-Language": "ar"}).text


@pytest.mark.parametrize("error", [SchemaError, DatabaseUnusableError, RuntimeError])
def test_failures_of_the_server_are_in_the_language_of_the_browser(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def fail() -> None:
        raise error("why")

    monkeypatch.setattr("listening.views.participant.database", fail)
    app.testing = False
    headers = {"Accept-Language": "de"}
    answer = client.get("/", headers=headers)
    assert answer.status_code == (500 if error is RuntimeError else 503)
    assert catalogue("de")[f"error_{answer.status_code}_text"] in answer.text
    assert "why" not in answer.text


def test_gaps_come_in_the_language_of_the_participant(
    client: FlaskClient, add_study: Callable[..., str]
) -> None:
    add_study(languages=["de"], pages=["ratings"])
    address = client.post("/studies/test/", data={"join_key": "k" * 16}).location
    data = page_data(client.get(address, follow_redirects=True))
    refused = client.put(data["api"]["page"], json={"revision": 1, "complete": True})
    assert refused.json is not None
    assert refused.json["gaps"][0] == "Noch nicht gehört: A, B, C, D."
    assert data["attributes"][0]["labels"] == [
        "Schlecht",
        "Dürftig",
        "Ordentlich",
        "Gut",
        "Ausgezeichnet",
    ]


def test_a_translated_choice_is_stored_as_in_the_first_language(
    client: FlaskClient, add_study: Callable[..., str]
) -> None:
    choices = [{"en": "Yes", "de": "Ja"}, {"en": "No", "de": "Nein"}]
    question = {"key": "it", "question": "?", "type": "choice", "choices": choices}
    add_study(languages=["de"], pages=[{"type": "questionnaire", "questions": [question]}])
    address = client.post("/studies/test/", data={"join_key": "k" * 16}).location
    page = client.get(address, follow_redirects=True)
    assert 'value="Yes"' in page.text
    assert ">Ja<" in page.text
    assert client.post(page.request.path, data={"it": "Ja"}).status_code == 422
    assert client.post(page.request.path, data={"it": "Yes"}).status_code == 303


def test_only_mappings_of_languages_are_translations() -> None:
    assert is_translated({"en": "a", "de": "b"})
    assert not is_translated({})
    assert not is_translated({"en": "a", "mono": "b"})
    config = {"text": {"en": "a", "ar": "b"}, "list": [{"de": "c"}], "right": {"tone 1": "yes"}}
    assert resolve(config, "ar") == {"text": "b", "list": ["c"], "right": {"tone 1": "yes"}}
