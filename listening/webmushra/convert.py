"""A webMUSHRA configuration as a study file, and the sounds that it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from listening.language import LANGUAGES
from listening.pages import INTERFACES
from listening.study_file import Problem
from listening.webmushra import keys
from listening.webmushra.config_file import Node
from listening.webmushra.log import Log
from listening.webmushra.markup import to_words
from listening.webmushra.pages import Comparison, Converter

LONGEST_TITLE = 300


@dataclass(frozen=True)
class Imported:
    """What becomes of a configuration.

    Attributes:
        study: the study file, as a mapping.
        comparisons: the sounds of each passage.
        problems: what makes an import impossible.
        unknown: what is left out where an import goes on without it.
        notes: what is different now.
    """

    study: dict[str, Any]
    comparisons: tuple[Comparison, ...]
    problems: tuple[Problem, ...]
    unknown: tuple[Problem, ...]
    notes: tuple[Problem, ...]


def convert(config: Node) -> Imported:
    """Convert a configuration; what it says wrong is collected, not raised."""
    log = Log()
    top = log.known(config, "", keys.TOP, "a configuration")
    language = _language(top, log)
    converter = Converter(log, language)
    pages = top.get("pages")
    entries = _entries(pages, converter) if pages else []
    if not converter.comparisons:
        log.problems.append(Problem(pages.line if pages else 1, "pages", "no page plays a sound"))
    rating = [kind for kind in _types(entries) if kind in INTERFACES]
    title = to_words(top.text("testname")) or top.text("testId") or "A listening test"
    study = {
        "title": title[:LONGEST_TITLE],
        "slug": _slug(top.text("testId") or title),
        "manifest": "stimuli",
        "interface": rating[0] if rating else "multistimulus",
        "languages": [language],
        "pages": entries,
    }
    return Imported(
        study,
        tuple(converter.comparisons),
        tuple(log.problems),
        tuple(log.unknown),
        tuple(sorted(log.notes, key=lambda note: note.line)),
    )


def _entries(pages: Node, converter: Converter) -> list[dict[str, Any]]:
    """The entries of the list of pages, the finish page at its end."""
    group = _group(pages, "pages", converter)
    entries = [group] if group and group["order"] == "random" else (group or {}).get("pages", [])
    return entries + converter.ending


def _group(pages: Node, place: str, converter: Converter) -> dict[str, Any] | None:
    """A list of pages, of which the first element may be the word `random`; None if empty."""
    items = list(enumerate(pages.items()))
    is_random = bool(items) and items[0][1].value == "random"
    entries: list[dict[str, Any]] = []
    for at, item in items[is_random:]:
        here = f"{place}[{at}]"
        if item.items():
            inner = _group(item, here, converter)
            if inner and inner["order"] == "fixed" and not is_random:
                entries += inner["pages"]
            elif inner:
                entries += inner["pages"] if len(inner["pages"]) == 1 else [inner]
        elif item.mapping():
            entries += converter.page(item, here)
        else:
            message = f"{item.value!r} is no page; random is the first element of its list"
            converter.log.unknown.append(Problem(item.line, here, message))
    order = "random" if is_random and len(entries) > 1 else "fixed"
    return {"type": "group", "order": order, "pages": entries} if entries else None


def _types(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        kind
        for item in entries
        for kind in (_types(item["pages"]) if item["type"] == "group" else [item["type"]])
    ]


def _language(top: Node, log: Log) -> str:
    node = top.get("language")
    asked = str(node.value) if node else "en"
    if asked in LANGUAGES:
        return asked
    line = node.line if node else 1
    message = f"{asked!r} is none of {', '.join(LANGUAGES)}; the interface speaks English"
    log.notes.append(Problem(line, "language", message))
    return "en"


def _slug(text: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", to_words(text).lower()).strip("-")[:80]
    return plain or "imported"
