"""Five languages with the same words; the study and the browser choose; answers stay one."""

from __future__ import annotations

import re
import string
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from listening import __file__ as room
from listening.language import LANGUAGES, catalogue, is_translated, resolve
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
    return set(re.findall(r"""\b(?:t|everywhere|Message|choices)\(\s*["']([a-z_0-9]+)["']""", text))


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
