"""Read a webMUSHRA configuration, which is seldom strict YAML, and say what was mended.

webMUSHRA reads its files with a forgiving parser of its own: an unquoted text may hold `: `, and
`no` is a word. Here a value that YAML cannot read is quoted and read again; lines keep their
numbers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from listening.study_file import MAX_BYTES, Problem, StudyFileError

MOST_NODES = 50_000
"""More than any configuration has; aliases of aliases could make gigabytes."""

_VALUE = re.compile(r"^(\s*(?:-\s+)*)([A-Za-z_][\w-]*)(\s*:\s+)(\S.*)$")
_NUMBERS = ((re.compile(r"[-+]?\d+"), int), (re.compile(r"[-+]?(\d+\.\d*|\.\d+)(e-?\d+)?"), float))


@dataclass(frozen=True)
class Node:
    """A value and where it stands.

    Attributes:
        line: of the value, or of its key, counted from 1.
        value: None, bool, int, float, str, a list of nodes, or a mapping from str to nodes.
    """

    line: int
    value: object

    def get(self, key: str) -> Node | None:
        """What stands at a key of a mapping; None where it has none, or stands empty."""
        found = self.mapping().get(key)
        return None if found is None or found.value is None else found

    def text(self, key: str) -> str:
        """What stands at a key, as text."""
        found = self.get(key)
        return "" if found is None or found.mapping() or found.items() else str(found.value)

    def is_set(self, key: str, default: bool = False) -> bool:
        """Whether a key says true."""
        found = self.get(key)
        return default if found is None else found.value is True

    def items(self) -> list[Node]:
        """The items of a list; none of anything else."""
        return self.value if isinstance(self.value, list) else []

    def mapping(self) -> dict[str, Node]:
        """The keys and values of a mapping; none of anything else."""
        return self.value if isinstance(self.value, dict) else {}


def read_config(path: Path) -> tuple[Node, list[Problem]]:
    """Read a configuration.

    Returns:
        What it says, and what was mended to read it.

    Raises:
        StudyFileError: it is beyond mending; names the line.
        ValueError: it is too large.
        OSError: it cannot be read at all.
    """
    if path.stat().st_size > MAX_BYTES:
        raise ValueError(f"{path} is over 1 MiB, which is no configuration")
    text, mended = _decoded(path.read_bytes())
    mender = _Mender(text.splitlines())
    while True:
        try:
            root = yaml.compose(mender.text, Loader=yaml.SafeLoader)
            break
        except yaml.MarkedYAMLError as error:
            line = (error.problem_mark or error.context_mark).line  # type: ignore[union-attr]
            if not mender.mend(line):
                raise StudyFileError(path, [_not_yaml(line, error)]) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise ValueError(f"{path} is not YAML: {error}") from None
    mended += mender.mended
    if not isinstance(root, yaml.MappingNode):
        raise StudyFileError(path, [Problem(1, "", "a configuration is a mapping with pages")])
    try:
        return _Builder(mended).node(root, 1), mended
    except RecursionError:
        raise ValueError(f"{path} is nested too deeply for a configuration") from None


def _decoded(data: bytes) -> tuple[str, list[Problem]]:
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), [
            Problem(1, "", "the file is not UTF-8; it was read as Windows-1252")
        ]


def _not_yaml(line: int, error: yaml.MarkedYAMLError) -> Problem:
    what = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(line + 1, "", f"not YAML: {what}")


class _Mender:
    """Quotes values, one after the other, until YAML reads them.

    Where quoting a value did not help, it is taken back and the value that this one may be a
    part of, on a line above and less indented, is quoted instead.
    """

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines
        self._quoted: dict[int, list[str]] = {}
        self._given_up: set[int] = set()

    @property
    def text(self) -> str:
        """The lines as they are now."""
        return "\n".join(self._lines) + "\n"

    @property
    def mended(self) -> list[Problem]:
        """What was quoted, by its key."""
        return [
            Problem(at + 1, _parts(original[0])[1], "was quoted to be YAML")
            for at, original in sorted(self._quoted.items())
        ]

    def mend(self, line: int) -> bool:
        """Quote the value that an error on a line is about; False if there is none to try."""
        at = self._value_above(line, 10_000)
        while at is not None and (at in self._quoted or at in self._given_up):
            if at in self._quoted:
                original = self._quoted.pop(at)
                self._lines[at : at + len(original)] = original
                self._given_up.add(at)
            at = self._value_above(at - 1, len(_parts(self._lines[at])[0]))
        if at is not None:
            self._quote(at)
        return at is not None

    def _value_above(self, line: int, indented_less_than: int) -> int | None:
        """The nearest line, from this one upwards, on which a key has a value."""
        for at in range(min(line, len(self._lines) - 1), -1, -1):
            found = _VALUE.match(self._lines[at])
            if found and len(found.group(1)) < indented_less_than:
                return at
        return None

    def _quote(self, at: int) -> None:
        """Quote the value of a line, which goes on over lines indented further than its key."""
        before, key, colon, value = _parts(self._lines[at])
        end = at + 1
        while end < len(self._lines) and _indentation(self._lines[end]) > len(before):
            end += 1
        while not self._lines[end - 1].strip():
            end -= 1
        self._quoted[at] = self._lines[at:end]
        rest = [line.replace("'", "''") for line in self._lines[at + 1 : end]]
        whole = [f"{before}{key}{colon}'" + value.strip().replace("'", "''"), *rest]
        whole[-1] += "'"
        self._lines[at:end] = whole


def _parts(line: str) -> tuple[str, str, str, str]:
    """What is before the key, the key, the colon, and the value of a line that has them."""
    found = _VALUE.match(line)
    assert found is not None
    return found.group(1), found.group(2), found.group(3), found.group(4)


def _indentation(line: str) -> int:
    """How far a line is indented; an empty one goes on with what is before it."""
    return len(line) - len(line.lstrip()) if line.strip() else 10_000


class _Builder:
    """Turns YAML's nodes into ours: scalars as YAML 1.2 has them, each with its line."""

    def __init__(self, mended: list[Problem]) -> None:
        self._mended = mended
        self._left = MOST_NODES

    def node(self, node: yaml.Node, line: int) -> Node:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"the configuration has over {MOST_NODES} values")
        if isinstance(node, yaml.MappingNode):
            return Node(line, self._mapping(node))
        if isinstance(node, yaml.SequenceNode):
            return Node(line, [self.node(item, item.start_mark.line + 1) for item in node.value])
        text = str(node.value)
        quoted = isinstance(node, yaml.ScalarNode) and node.style
        return Node(line, text if quoted else _scalar(text.strip()))

    def _mapping(self, node: yaml.MappingNode) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for key, value in node.value:
            line, name = key.start_mark.line + 1, str(key.value)
            if name == "<<":
                for known, there in self.node(value, line).mapping().items():
                    found.setdefault(known, there)
                continue
            if name in found:
                self._mended.append(Problem(line, name, "stands here twice; the last one counts"))
            found[name] = self.node(value, line)
        return found


def _scalar(text: str) -> bool | int | float | str | None:
    if text.lower() in ("", "~", "null"):
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for pattern, number in _NUMBERS:
        if pattern.fullmatch(text) and len(text) < 20:
            return number(text)
    return text
