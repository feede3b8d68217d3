"""HTML as Markdown that shows the same words and can do nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import quote

BLOCKS = frozenset({"p", "div", "section", "article", "center", "table", "tr", "dl", "dt", "dd"})
HEADINGS = {f"h{level}": "#" * max(level, 2) + " " for level in range(1, 7)}
EMPHASIS = {"b": "**", "strong": "**", "i": "*", "em": "*"}
SILENT = frozenset(
    {"html", "body", "span", "font", "u", "small", "big", "tbody", "thead", "td", "th", "wbr"}
)
"""Tags that only say how a text looks; nobody misses them."""
WITH_CONTENT = frozenset({"script", "style", "audio", "video", "iframe", "object", "svg", "head"})
"""Tags that are left out with everything in them."""

_BREAK = "\0"
_SPECIAL = re.compile(r"([\\`*_\[\]<])")
_HEADING_END = re.compile(r"(?<= )#+$")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LINE_START = re.compile(r"^([-+#=>|:~]|\d{1,9}(?=[.)]))")


@dataclass(frozen=True)
class Converted:
    """A text in Markdown, and the tags and attributes that were left out, as `<audio>`."""

    text: str
    dropped: tuple[str, ...]


def to_markdown(html: str) -> Converted:
    """Convert HTML: paragraphs, lists, headings, emphasis and links stay, code goes."""
    return _converted(html, WITH_CONTENT)


def to_words(html: str) -> str:
    """The words of a text in one line, without tags."""
    return " ".join(_words(html).split())


def _converted(html: str, with_content: frozenset[str]) -> Converted:
    reader = _Reader(with_content)
    reader.feed(html.replace(_BREAK, ""))
    reader.close()
    if reader.inside in with_content - {"script", "style"}:
        # It was never closed: what follows it is text all the same.
        return _converted(html, with_content - {reader.inside})
    reader.flush()
    return Converted("\n\n".join(reader.blocks), tuple(dict.fromkeys(reader.dropped)))


def _words(html: str) -> str:
    class Words(HTMLParser):
        def __init__(self) -> None:
            super().__init__(convert_charrefs=True)
            self.found: list[str] = []
            self.quiet = 0

        def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
            self.quiet += tag in ("script", "style")
            self.found += [] if tag in SILENT or tag in EMPHASIS else [" "]

        def handle_endtag(self, tag: str) -> None:
            self.quiet = 0

        def handle_data(self, data: str) -> None:
            self.found += [] if self.quiet else [data]

    reader = Words()
    reader.feed(html)
    reader.close()
    return "".join(reader.found)


class _Reader(HTMLParser):
    """Collects blocks of Markdown.

    Attributes:
        blocks: finished ones.
        dropped: what was left out.
        inside: the tag with content that is being left out, or None.
    """

    def __init__(self, with_content: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[str] = []
        self.dropped: list[str] = []
        self.inside: str | None = None
        self._with_content = with_content
        self._line = ""
        self._prefix = ""
        self._items: list[list[str]] = []
        self._open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if self.inside is not None:
            return
        self.dropped += [f"attribute {name}" for name, _ in attrs if name.startswith("on")]
        if tag in self._with_content:
            self.dropped.append(f"<{tag}>")
            self.inside = tag
        elif tag == "br":
            self._line = self._line.rstrip(" ") + _BREAK
        elif tag in ("ul", "ol"):
            self.flush()
            self._items.append(["- " if tag == "ul" else "1. ", "no item yet"])
        elif tag == "li" and self._items:
            self.flush()
            self._items[-1][1] = "waiting"
        elif tag in HEADINGS:
            self.flush()
            self._prefix = HEADINGS[tag]
        elif tag in EMPHASIS or tag == "a":
            target = dict(attrs).get("href") if tag == "a" else None
            self._open.append((f"a {target or ''}" if tag == "a" else tag, len(self._line)))
        elif tag in BLOCKS or tag == "hr":
            self.flush()
        elif tag not in SILENT:
            self.dropped.append(f"<{tag}>")

    def handle_endtag(self, tag: str) -> None:
        if self.inside is not None:
            self.inside = None if tag == self.inside else self.inside
        elif tag in ("ul", "ol"):
            self.flush()
            self._items = self._items[:-1]
        elif tag in BLOCKS or tag in HEADINGS or tag == "li":
            self.flush()
        elif tag in EMPHASIS or tag == "a":
            self._close(tag)

    def handle_data(self, data: str) -> None:
        if self.inside is not None:
            return
        text = _ENTITY.sub(r"\&", _SPECIAL.sub(r"\\\1", re.sub(r"\s+", " ", data)))
        if not self._line or self._line[-1] in " \0":
            text = text.lstrip(" ")
        self._line += text

    def flush(self) -> None:
        """End the block that is being collected."""
        parts = re.split(_BREAK + r"[\0 ]*" + _BREAK, self._line)
        prefix, self._prefix, self._line = self._prefix, "", ""
        self._open.clear()
        for part in parts:
            lines = [_start(line.strip(" ")) for line in part.strip(" \0").split(_BREAK)]
            if any(lines):
                # Signs at the end of a heading would close it.
                heading = _HEADING_END.sub(r"\\\g<0>", " ".join(lines))
                self._add(prefix + heading if prefix else "\\\n".join(lines))

    def _add(self, block: str) -> None:
        first = rest = ""
        for item in self._items:
            mark, state = item
            if state != "no item yet":
                first += mark if state == "waiting" else " " * len(mark)
                rest += " " * len(mark)
                item[1] = "begun"
        self.blocks.append(first + block.replace("\n", "\n" + rest))

    def _close(self, tag: str) -> None:
        name, start = next(
            (item for item in reversed(self._open) if item[0].split(" ")[0] == tag), ("", 0)
        )
        if not name:
            return
        self._open = self._open[: self._open.index((name, start))]
        before, inner = self._line[:start], self._line[start:]
        core = inner.strip(" ")
        if tag == "a":
            self._line = before + _linked(inner, core, name[2:])
        elif _can_be_marked(before, core):
            mark = EMPHASIS[tag]
            self._line = before + inner.replace(core, mark + core + mark, 1)


def _linked(inner: str, core: str, target: str) -> str:
    if not re.match(r"(https?://|mailto:)", target) or not core or _BREAK in core:
        return inner
    address = quote(target, safe="/:?#@!$&'()*+,;=%~-._")
    return inner.replace(core, f"[{core}](<{address}>)", 1)


def _can_be_marked(before: str, core: str) -> bool:
    """Whether asterisks around a text are emphasis wherever it stands (CommonMark, 6.2)."""
    plain = re.sub(r"\\.", "", core)
    return (
        bool(core)
        and core[0].isalnum()
        and core[-1].isalnum()
        and not before.endswith("*")
        and "*" not in plain
        and _BREAK not in core
    )


def _start(line: str) -> str:
    """Keep the beginning of a line from being a list, a heading or a rule."""
    return _LINE_START.sub(lambda found: _escaped_start(found.group(1)), line)


def _escaped_start(mark: str) -> str:
    return mark + "\\" if mark.isdigit() else "\\" + mark
