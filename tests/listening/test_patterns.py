"""Patterns of researchers judge texts as Python does, and hold up nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening.patterns import check_pattern, fits

PATTERNS = [r"\d{4}", r"[A-Z]{2}-?\d+", r".+@.+", r"(yes|no)( really)?", r"\w*"]


@given(st.sampled_from(PATTERNS), st.data())
def test_texts_are_judged_as_python_does(pattern: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(pattern) | st.text(max_size=10))
    assert fits(pattern, text) == (re.fullmatch(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ("([a-z]+ ?)+", "my name is maximilian and i play the violoncello!"),
        ("(a|a?)+b", "a" * 60),
        (r"(([a-z])+.)+[A-Z]([a-z])+$", "a" * 60),
    ],
)
def test_nobody_is_held_up(pattern: str, answer: str) -> None:
    # Python's own engine needs years for these.
    assert not fits(pattern, answer)


def test_an_answer_that_cannot_be_judged_in_time_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, timeout: float) -> None:
        raise TimeoutError(timeout)

    monkeypatch.setattr("regex.fullmatch", late)
    assert fits("a", "b")


def test_what_is_no_pattern_is_refused() -> None:
    check_pattern(r"\d+")
    with pytest.raises(ValueError, match="no regular expression"):
        check_pattern("(")
