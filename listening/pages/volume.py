"""Set the volume once, before the ratings."""

from __future__ import annotations

from typing import Literal

from listening.language import Text, everywhere
from listening.pages.kinds import Entry, Material, PageType, PlannedPage


class Volume(Entry):
    """Something to play while setting the volume."""

    type: Literal["volume"] = "volume"
    text: Text = everywhere("volume_text")


def plan(entry: Volume, material: Material) -> list[PlannedPage]:
    """One page; any passage will do."""
    config = entry.model_dump(mode="json")
    return [PlannedPage("volume", "volume", material.passages[0], config=config)]


PAGE = PageType(
    name="volume",
    entry=Volume,
    template="volume.html",
    script="volume.js",
    plan=plan,
    stimuli="one",
)
