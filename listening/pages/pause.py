"""A break: rest your ears."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from listening.language import Text, everywhere
from listening.pages.kinds import Entry, PageType


class Break(Entry):
    """A rest, with a clock that counts down and holds nobody back.

    Attributes:
        minutes: from where the clock counts down.
    """

    type: Literal["break"] = "break"
    text: Text = everywhere("break_text")
    minutes: Annotated[float, Field(gt=0, le=60)] = 2.0


PAGE = PageType(name="break", entry=Break, template="break.html", script="break.js")
