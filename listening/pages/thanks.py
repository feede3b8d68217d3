"""The end, with the completion code."""

from __future__ import annotations

from typing import Literal

from listening.language import Text, everywhere
from listening.pages.kinds import Entry, PageType


class Thanks(Entry):
    """The end with the completion code; it comes last by itself."""

    type: Literal["thanks"] = "thanks"
    text: Text = everywhere("thanks_text")


PAGE = PageType(name="thanks", entry=Thanks, template="thanks.html", script="thanks.js")
