"""In which language a request is answered: what the study offers and the browser prefers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Flask, g, request

from listening.language import DEFAULT, catalogue, direction, main_text, resolve
from listening.models import Study


def speak_as(study: Study) -> str:
    """Answer this request in the language of the study that the browser likes best."""
    offered: Sequence[str] = study.definition.get("languages", [DEFAULT])
    found: str = request.accept_languages.best_match(offered) or offered[0]
    g.language = found
    return found


def spoken() -> str:
    """The language of this request."""
    language: str = g.get("language", DEFAULT)
    return language


def in_words(value: Any) -> Any:
    """A part of a study file in the language of this request."""
    return resolve(value, spoken())


def register(app: Flask) -> None:
    """Give templates `t` (a word of the interface), `in_words`, and the language of the page."""

    def t(key: str, **values: object) -> str:
        return catalogue(spoken())[key].format(**values)

    @app.context_processor
    def words() -> dict[str, Any]:
        # Default texts of pages are long, and no script needs them.
        of_scripts = {
            key: text for key, text in catalogue(spoken()).items() if not key.endswith("_text")
        }
        return {
            "t": t,
            "language": spoken(),
            "direction": direction(spoken()),
            "words": of_scripts,
        }

    app.jinja_env.filters["in_words"] = in_words
    app.jinja_env.filters["main_text"] = main_text
