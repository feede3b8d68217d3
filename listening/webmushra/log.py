"""What an import has to say: what it cannot take, and what it changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from listening.study_file import Problem
from listening.webmushra.config_file import Node


class Log:
    """Collects, with their places, problems that stop an import and notes that do not.

    Attributes:
        problems: wrong whatever one is told, such as a sound file that is missing.
        unknown: page types and keys that nobody knows; an import may be told to leave them out.
        notes: what is different from the configuration now.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.unknown: list[Problem] = []
        self.notes: list[Problem] = []

    def known(self, node: Node, place: str, keys: Collection[str], what: str) -> Node:
        """A mapping with the keys that are known; one in other letters is taken for what it is."""
        found: dict[str, Node] = {}
        letters = {key.lower(): key for key in keys}
        for key, value in node.mapping().items():
            here = f"{place}.{key}" if place else key
            meant = letters.get(key.lower())
            if meant is None:
                close = get_close_matches(key, keys, n=1)
                more = f", did you mean {close[0]}?" if close else ""
                self.unknown.append(Problem(value.line, here, f"is no key of {what}{more}"))
            elif meant != key and meant in node.mapping():
                self.notes.append(Problem(value.line, here, f"stands beside {meant}; left out"))
            else:
                if meant != key:
                    self.notes.append(Problem(value.line, here, f"was read as {meant}"))
                found[meant] = value
        return Node(node.line, found)

    def changed(
        self,
        node: Node,
        place: str,
        by_value: Mapping[tuple[str, object], str],
        always: Mapping[str, str],
    ) -> None:
        """Note the keys of a mapping that become something else."""
        for key, value in node.mapping().items():
            plain = value.value if isinstance(value.value, bool | str) else None
            message = always.get(key) or by_value.get((key, plain))
            if message and value.value is not None:
                self.notes.append(Problem(value.line, f"{place}.{key}", message))
