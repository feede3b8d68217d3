"""Instructions: a page to read."""

from __future__ import annotations

from typing import Literal

from listening.language import Text, everywhere
from listening.pages.kinds import Entry, PageType


class Instructions(Entry):
    """A page of text; it may stand in several places."""

    type: Literal["instructions"] = "instructions"
    text: Text = everywhere("instructions_text")


PAGE = PageType(name="instructions", entry=Instructions, template="instructions.html")
