"""Consent: what the participant agrees to."""

from __future__ import annotations

from typing import Literal

from listening.language import Message, Text, Words, everywhere
from listening.pages.kinds import Config, Entry, PageState, PageType


class Consent(Entry):
    """Nobody comes further without agreeing; the time and the version of the text are kept.

    Attributes:
        agree: the words beside the box.
    """

    type: Literal["consent"] = "consent"
    text: Text = everywhere("consent_text")
    agree: Words = everywhere("consent_agree")


def gaps(config: Config, state: PageState) -> list[Message]:
    """Consent is given, not assumed."""
    return [] if state.answers.get("agree") == "yes" else [Message("please_agree")]


PAGE = PageType(
    name="consent",
    entry=Consent,
    template="consent.html",
    script="form.js",
    gaps=gaps,
    answer_keys=lambda config: frozenset({"agree"}),
    example=lambda config, shown: {"agree": "yes"},
)
