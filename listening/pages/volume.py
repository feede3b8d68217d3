"""Set the volume once, before the ratings."""

from __future__ import annotations

from typing import Literal

from listening.language import Text, everywhere
from listening.pages.kinds import Entry, Material, Name, PageType, PlannedPage


class Volume(Entry):
    """Something to play while setting the volume.

    Attributes:
        passage: what plays; else the first passage.
    """

    type: Literal["volume"] = "volume"
    text: Text = everywhere("volume_text")
    passage: Name | None = None


def plan(entry: Volume, material: Material) -> list[PlannedPage]:
    """One page; any passage will do, unless the entry names one."""
    config = entry.model_dump(mode="json")
    passage = entry.passage or material.passages[0]
    return [PlannedPage("volume", "volume", passage, config=config)]


PAGE = PageType(
    name="volume",
    entry=Volume,
    template="volume.html",
    script="volume.js",
    plan=plan,
    stimuli="one",
)
