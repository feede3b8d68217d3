"""A converted configuration as the text of a study file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from listening.study_file import Problem

WIDTH = 100


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks; the same value twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def study_text(study: Mapping[str, Any], source: str, notes: Sequence[Problem]) -> str:
    """The study file, with what is different from the configuration as comments above it."""
    said = [f"Imported from {source} by flask study import-webmushra."]
    said += ["What is different, by lines of that file:"] if notes else []
    said += [f"- {note}" for note in notes]
    comments = "".join(f"# {' '.join(line.split())}\n" for line in said)
    body = yaml.dump(dict(study), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)
    return f"{comments}\n{body}"
