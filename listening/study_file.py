"""Read a study file; every problem names its line and key."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from listening.pages import ENTRY_TYPES, PAGE_TYPES
from listening.schema import StudyFile

MAX_BYTES = 2**20

Place = Sequence[str | int]

_TEXT = "tag:yaml.org,2002:str"
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of characters: escapes in quotes can make them, and no database keeps them."""

_CORE_SCHEMA = {
    "null": (r"~|null|Null|NULL|", "~nN\0"),
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?\.inf|\.nan",
        "-+.0123456789",
    ),
}
"""What is no text in YAML 1.2; by the regular expressions and first letters of its values."""


class _Loader(yaml.SafeLoader):
    """Reads scalars as YAML 1.2 does: Yes, No, 1:30 and 2027-01-01 are texts."""

    yaml_implicit_resolvers = {}  # noqa: RUF012, the base class declares it so


for _name, (_pattern, _first) in _CORE_SCHEMA.items():
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_name}",
        re.compile(f"^(?:{_pattern})$"),
        [letter.replace("\0", "") for letter in _first],
    )


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a study file.

    Attributes:
        line: counted from 1.
        key: where in the file, as in `pages[2].questions[0].key`.
    """

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.key + ': ' if self.key else ''}{self.message}"


class StudyFileError(ValueError):
    """A study file that is not right; `problems` holds everything that was found."""

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(problems)
        more = f" (and {len(problems) - 1} more; see flask study check)" if problems[1:] else ""
        super().__init__(f"{path}, {problems[0]}{more}")


@dataclass(frozen=True)
class StudySource:
    """A study file as read: what it says, its text, and where each key stands."""

    path: Path
    text: str
    file: StudyFile
    root: yaml.Node

    def problem(self, place: Place, message: str) -> Problem:
        """A problem at a place of this file."""
        return _problem(self.root, place, message)

    def problems(self, place: Place, error: ValidationError) -> list[Problem]:
        """What is invalid about what stands at a place."""
        return [
            self.problem([*place, *item["loc"]], _message(item))
            for item in error.errors(include_url=False)
        ]


def read_study_file(path: Path) -> StudySource:
    """Read and validate a study file.

    Raises:
        FileNotFoundError: there is none.
        StudyFileError: it is not YAML or not a study; names line and key.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} is over 1 MiB, which is no study file")
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    root = _compose(path, text)
    problems = _structure_problems(root)
    if problems:
        raise StudyFileError(path, problems)
    try:
        file = StudyFile.model_validate(yaml.load(text, Loader=_Loader))
    except ValidationError as error:
        # An unknown key first: a misspelt one explains why another is missing.
        errors = sorted(
            error.errors(include_url=False), key=lambda item: item["type"] != "extra_forbidden"
        )
        found = [
            _problem(root, item["loc"], _message(item), unknown=item["type"] == "extra_forbidden")
            for item in errors
        ]
        raise StudyFileError(path, found) from None
    return StudySource(path, text, file, root)


def _compose(path: Path, text: str) -> yaml.Node:
    try:
        for token in yaml.scan(text, Loader=_Loader):
            # A few nested aliases can grow to gigabytes; a tag could ask for any kind of value.
            refused = {yaml.AliasToken: "aliases (*name)", yaml.TagToken: "tags (!name)"}
            if what := refused.get(type(token)):
                problem = Problem(
                    token.start_mark.line + 1, "", f"{what} are not used in study files"
                )
                raise StudyFileError(path, [problem])
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        # A key without a colon is noticed at the next one.
        marks = [error.problem_mark, error.context_mark]
        if error.context == "while scanning a simple key":
            marks.reverse()
        mark = marks[0] or marks[1]
        what = " ".join(part for part in (error.context, error.problem) if part)
        problem = Problem(mark.line + 1 if mark else 1, "", f"not YAML: {what}")
        raise StudyFileError(path, [problem]) from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from None
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply for a study file") from None
    if not isinstance(root, yaml.MappingNode):
        raise StudyFileError(path, [Problem(1, "", "a study file is a mapping of keys to values")])
    return root


def _structure_problems(node: yaml.Node, place: tuple[str | int, ...] = ()) -> list[Problem]:
    """Keys that stand twice, which YAML would take silently, and what is no text."""
    problems = []
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag != _TEXT or _NO_TEXT.search(str(key.value)):
                problems.append(Problem(line, _dotted(place), "a key must be a word"))
                continue
            here = (*place, str(key.value))
            if key.value in seen:
                problems.append(Problem(line, _dotted(here), "this key stands here twice"))
            seen.add(key.value)
            problems += _structure_problems(value, here)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            problems += _structure_problems(item, (*place, index))
    elif _NO_TEXT.search(str(node.value)):
        line = node.start_mark.line + 1
        problems.append(Problem(line, _dotted(place), "has a character that is none"))
    return problems


def _problem(root: yaml.Node, place: Place, message: str, unknown: bool = False) -> Problem:
    node, line, known = root, 1, list[str | int]()
    for step in place:
        found = _step(node, step)
        if found is None:
            # A missing key, or the name of the page type that the schema puts into the path.
            if step == place[-1] and step not in ENTRY_TYPES:
                known.append(step)
            continue
        node, line = found
        known.append(step)
    if unknown:
        key, message = str(place[-1]), "unknown key"
        owners = [name for name, kind in PAGE_TYPES.items() if key in kind.entry.model_fields]
        if owners and len(place) > 1 and place[-2] in PAGE_TYPES:
            message += f" here; pages of type {', '.join(owners)} know it"
        elif siblings := get_close_matches(key, _field_names(place), n=1):
            message += f", did you mean {siblings[0]}?"
    return Problem(line, _dotted(known), message)


def _step(node: yaml.Node, step: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step].start_mark.line + 1
    return None


def _field_names(place: Place) -> list[str]:
    """The keys that could be meant at a place: those of the study file or of any of its parts."""
    if len(place) == 1:
        return list(StudyFile.model_fields)
    definitions = StudyFile.model_json_schema()["$defs"].values()
    return sorted({name for part in definitions for name in part.get("properties", {})})


def _message(item: Any) -> str:
    kind, message = item["type"], str(item["msg"])
    if kind == "missing":
        return "is missing"
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return f"is no page type; there are {', '.join(ENTRY_TYPES)}"
    message = message.removeprefix("Value error, ")
    given = item.get("input")
    shown = f" (it is {given!r})" if isinstance(given, str | int | float) else ""
    return message[:1].lower() + message[1:] + shown


def _dotted(place: Place) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
