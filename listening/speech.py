"""In which language a request is answered: what the study offers and the browser prefers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask, g, request

from listening.language import DEFAULT, LANGUAGES, catalogue, direction, main_text, resolve
from listening.models import Study


def speak_as(study: Study) -> str:
    """Answer this request in the language of the study that the browser likes best."""
    return _speak(study.definition.get("languages", [DEFAULT]))


def speak_to_anybody() -> str:
    """Answer this request, which is about no study, in the language that the browser likes best.

    The researchers' desk is in English.
    """
    return _speak([DEFAULT] if request.path.startswith("/desk/") else [*LANGUAGES])


def spoken() -> str:
    """The language of this request."""
    language: str = g.get("language") or speak_to_anybody()
    return language


def word(key: str, **values: object) -> str:
    """A word of the interface in the language of this request."""
    return catalogue(spoken())[key].format(**values)


def in_words(value: Any) -> Any:
    """A part of a study file in the language of this request."""
    return resolve(value, spoken())


def register(app: Flask) -> None:
    """Give templates `t` (a word of the interface), `in_words`, and the language of the page."""

    @app.context_processor
    def words() -> dict[str, Any]:
        # Default texts of pages are long, and no script needs them or the pages of errors.
        of_scripts = {
            key: text
            for key, text in catalogue(spoken()).items()
            if not key.endswith("_text") and not key.startswith("error_")
        }
        return {
            "t": word,
            "language": spoken(),
            "direction": direction(spoken()),
            "words": of_scripts,
        }

    app.jinja_env.filters["in_words"] = in_words
    app.jinja_env.filters["main_text"] = main_text


def _speak(offered: Sequence[str]) -> str:
    found: str = request.accept_languages.best_match(offered) or offered[0]
    g.language = found
    return found
