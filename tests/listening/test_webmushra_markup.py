"""HTML becomes Markdown that shows the same words and can do nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listening.texts import markdown
from listening.webmushra.markup import to_markdown, to_words

HARMLESS = {
    "p", "br", "ul", "ol", "li", "h2", "h3", "h4", "h5", "h6", "strong", "em", "a",
}  # fmt: skip


class Seen(HTMLParser):
    """What a browser would show of HTML, and the tags that made it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(html: str) -> Seen:
    reader = Seen()
    reader.feed(html)
    reader.close()
    return reader


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("Hello", "Hello"),
        ("one<br>two<br/><br/>three", "one\\\ntwo\n\nthree"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n\n- b\n\nc"),
        ("<ol><li>a<ul><li>b</ul></ol>", "1. a\n\n   - b"),
        ("<h1>Big</h1>small", "## Big\n\nsmall"),
        ("<h2>in C #", "## in C \\#"),
        ("<h2>in C#", "## in C#"),
        ("a <b>bold </b>word, an <em>odd</em> one", "a **bold** word, an *odd* one"),
        ("5 < 6 &amp; 7 * 8", "5 \\< 6 & 7 \\* 8"),
        ("<a href='https://x.org/a b'>here</a>", "[here](<https://x.org/a%20b>)"),
        ("<a href='javascript:alert(1)'>here</a>", "here"),
        ("1. first", "1\\. first"),
        ("- no list", "\\- no list"),
    ],
)
def test_what_becomes_of_it(html: str, expected: str) -> None:
    assert to_markdown(html).text == expected


@pytest.mark.parametrize(
    ("html", "dropped"),
    [
        ("a<script>alert('b')</script>c", "<script>"),
        ("a<audio controls><source src='x'></audio>c", "<audio>"),
        ("a<img src=x onerror=alert(1)>c", "<img>"),
        ("a<iframe src=x></iframe>c", "<iframe>"),
        ("a<video>c", "<video>"),
        ("a<button onclick='go()'>c</button>", "attribute onclick"),
    ],
)
def test_what_can_do_something_is_left_out_and_named(html: str, dropped: str) -> None:
    converted = to_markdown(html)
    assert converted.text == "ac"
    assert dropped in converted.dropped


PIECES = st.sampled_from(
    ["<p>", "</p>", "<br>", "<b>", "</b>", "<i>", "</i>", "<ul>", "</ul>", "<ol>", "</ol>", "<li>",
     "</li>", "<h2>", "</h2>", "<a href='https://x.org'>", "<a href='javascript:x'>", "</a>",
     "<div>", "</div>", "<span style='x'>", "</span>", "<td>", "<tr>", "<hr>", "&lt;", "&amp;",
     "&amp;lt;", " ", "\n", "\n\n", "    ", "a", "Z", "9", "1.", "-", "+", "#", "*", "_", "`",
     "~~~", "[", "]", "(", ")", "!", "\\", "|", ":", "=", "---", ">", ".", "http://x", "é", "م"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_the_words_stay_and_the_markup_is_harmless(html: str) -> None:
    shown = seen(str(markdown(to_markdown(html).text)))
    assert re.sub(r"\s", "", shown.text) == re.sub(r"\s", "", seen(html).text)
    for tag, attributes in shown.tags:
        assert tag in HARMLESS
        assert set(attributes) <= {"href"}
        assert re.match(r"https?://|mailto:", attributes.get("href") or "https://")


@given(st.text(max_size=60))
def test_any_text_is_converted(text: str) -> None:
    tags = {tag for tag, _ in seen(str(markdown(to_markdown(text).text))).tags}
    assert tags <= HARMLESS
    assert "\n" not in to_words(text)
