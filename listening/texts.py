"""Texts of researchers: Markdown to HTML, with no way to smuggle markup in."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup


@cache
def _renderer() -> MarkdownIt:
    # HTML stays text, and links lead to the web only: the library refuses javascript: and data:.
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def markdown(text: str) -> Markup:
    """Render Markdown as HTML that is safe to put on a page."""
    return Markup(_renderer().render(text.strip()))
