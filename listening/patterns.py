"""Patterns that texts have to fit, as researchers write them into study files.

Some take exponential time on a harmless answer (`([a-z]+ ?)+`), which would hold up everybody: the
time of each is limited, and an answer that cannot be judged in it is taken.
"""

from __future__ import annotations

import regex

LIMIT_S = 0.1


def check_pattern(pattern: str) -> None:
    """Refuse what is no regular expression.

    Raises:
        ValueError: says why.
    """
    try:
        regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"the pattern is no regular expression: {error}") from None


def fits(pattern: str, answer: str) -> bool:
    """Whether all of a text fits a pattern, as far as can be told in `LIMIT_S`."""
    try:
        return regex.fullmatch(pattern, answer, timeout=LIMIT_S) is not None
    except TimeoutError:
        return True
