"""The languages of participants' pages: every word of the interface, and texts of researchers.

A catalogue a language (`listening/languages/<code>.json`) holds the same keys with the same
{placeholders}. Templates, scripts and messages of the server all take their words from there. What
only researchers and programs read, the desk and the details of an API's errors, is in English.
Researchers' texts in a study file are one text, or a mapping from language to text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import PlainValidator

LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "ar": "العربية",
}
RIGHT_TO_LEFT = frozenset({"ar"})
DEFAULT = "en"
LONGEST_TEXT = 50_000

_CATALOGUES = Path(__file__).parent / "languages"


def _text(value: object) -> str | dict[str, str]:
    if isinstance(value, Mapping):
        unknown = sorted(set(map(str, value)) - set(LANGUAGES))
        if unknown or not value:
            raise ValueError(
                f"translations are for {', '.join(LANGUAGES)}, not for {', '.join(unknown)}"
                if unknown
                else "a translated text needs one language at least"
            )
        return {str(code): _plain(text) for code, text in value.items()}
    return _plain(value)


def _plain(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("should be a text, or a mapping from language to text")
    if len(value) > LONGEST_TEXT:
        raise ValueError(f"is longer than {LONGEST_TEXT} characters")
    return value


def _words(value: object) -> str | dict[str, str]:
    text = _text(value)
    for words in text.values() if isinstance(text, dict) else (text,):
        if not 1 <= len(words) <= 500:
            raise ValueError("should have 1 to 500 characters")
    return text


Text = Annotated[
    str | dict[str, str], PlainValidator(_text, json_schema_input_type=str | dict[str, str])
]
"""A text of a study file, Markdown where it is long: one for all, or one for each language."""

Words = Annotated[
    str | dict[str, str], PlainValidator(_words, json_schema_input_type=str | dict[str, str])
]
"""As `Text`, for names and questions: one to 500 characters."""


def main_text(value: str | Mapping[str, str]) -> str:
    """The text in its first language: what stands in tables, whatever the participant read."""
    return value if isinstance(value, str) else next(iter(value.values()))


@dataclass(frozen=True)
class Message:
    """A sentence for a participant, before it is known in which language.

    Attributes:
        key: in the catalogues.
        values: for its placeholders; a value may be translated itself.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.speak(DEFAULT)

    def speak(self, language: str) -> str:
        """The sentence in a language."""
        values = {name: resolve(value, language) for name, value in self.values.items()}
        return catalogue(language)[self.key].format(**values)


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Every word of the interface in a language."""
    path = _CATALOGUES / f"{language}.json"
    words: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return words


def everywhere(key: str) -> dict[str, str]:
    """An entry of the catalogues as a translated text: the default texts of page types."""
    return {language: catalogue(language)[key] for language in LANGUAGES}


def direction(language: str) -> str:
    """How its lines run: ltr or rtl."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def is_translated(value: object) -> bool:
    """Whether a value of a study file is a text in several languages."""
    return isinstance(value, Mapping) and bool(value) and set(value) <= set(LANGUAGES)


def resolve(value: Any, language: str) -> Any:
    """A part of a study file with every translated text in one language, or in its first one."""
    if is_translated(value):
        return value.get(language, next(iter(value.values())))
    if isinstance(value, Mapping):
        return {key: resolve(item, language) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [resolve(item, language) for item in value]
    return value
