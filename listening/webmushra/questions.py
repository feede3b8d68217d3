"""The questionnaire of webMUSHRA's finish page as questions of a study file."""

from __future__ import annotations

import re
from typing import Any

from listening.pages.questionnaire import is_kept_for_pages
from listening.study_file import Problem
from listening.webmushra import keys
from listening.webmushra.config_file import Node
from listening.webmushra.log import Log
from listening.webmushra.markup import to_words

TYPES = {"text": "text", "long_text": "text", "number": "number", "likert": "choice"}
LONGEST_WORDS = 500


def questionnaire(page: Node, place: str, log: Log) -> list[dict[str, Any]]:
    """The questions of a finish page; those of an unknown type are left out and named."""
    node = page.get("questionnaire")
    found: dict[str, dict[str, Any]] = {}
    for at, item in enumerate(node.items() if node else []):
        here = f"{place}.questionnaire[{at}]"
        kind = item.text("type")
        if kind not in TYPES:
            message = f"question type {kind!r} is none of {', '.join(TYPES)}"
            log.unknown.append(Problem(item.line, here, message))
            continue
        known = log.known(item, here, keys.QUESTION, "a question")
        question = _question(known, here, kind, log)
        key = _key(known.text("name") or known.text("label"), set(found))
        found[key] = {"key": key, **question}
    return list(found.values())


def _question(item: Node, place: str, kind: str, log: Log) -> dict[str, Any]:
    words = to_words(item.text("label")) or item.text("name") or "…"
    question: dict[str, Any] = {"question": words[:LONGEST_WORDS], "type": TYPES[kind]}
    if item.is_set("optional"):
        question["required"] = False
    for limit in ("min", "max"):
        node = item.get(limit)
        if node and isinstance(node.value, int | float):
            question[limit] = node.value
    preset = item.get("default")
    if preset:
        message = "nothing is filled in beforehand: it would be taken for an answer"
        log.notes.append(Problem(preset.line, f"{place}.default", message))
    if kind == "likert":
        question["choices"] = _choices(item, place, log)
    return question


def _choices(item: Node, place: str, log: Log) -> list[str]:
    response = item.get("response")
    choices = []
    for at, option in enumerate(response.items() if response else []):
        known = log.known(option, f"{place}.response[{at}]", keys.RESPONSE, "a response")
        choices.append((to_words(known.text("label")) or known.text("value"))[:LONGEST_WORDS])
    if len(choices) < 2:
        message = "has fewer than two choices"
        log.problems.append(Problem(item.line, f"{place}.response", message))
    return choices


def _key(name: str, taken: set[str]) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:50]
    key = plain if plain[:1].isalpha() and plain.isascii() else f"q_{plain}".rstrip("_")
    more = (f"{stem}_{at}" for stem in (key, f"q_{key}") for at in range(2, 10_000))
    return next(name for name in (key, *more) if name not in taken and not is_kept_for_pages(name))
