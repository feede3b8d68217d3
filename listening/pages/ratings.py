"""`ratings` and `training`: pages with the interface of the study, whatever that is."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from listening.language import Text, everywhere
from listening.pages.kinds import Entry, Material, PageType, PlannedPage
from listening.pages.rating import RatingEntry


class Ratings(RatingEntry):
    """The pages that count, with the interface of the study."""

    type: Literal["ratings"] = "ratings"


class Training(RatingEntry):
    """As the rating pages, to learn the task; exports leave its ratings out."""

    type: Literal["training"] = "training"
    text: Text = everywhere("training_text")
    training: bool = True


def as_interface(entry: RatingEntry, interface: PageType) -> Entry:
    """What this entry says, as one of the interface's own type.

    Raises:
        pydantic.ValidationError: the interface knows no such thing.
    """
    said = entry.model_dump(exclude_unset=True, exclude={"type"})
    if isinstance(entry, Training):
        said |= {"text": entry.text, "training": True}
    return interface.entry.model_validate(said)


def plan(entry: RatingEntry, material: Material) -> list[PlannedPage]:
    """The pages of the interface, with what this entry says."""
    pages = material.interface.plan(as_interface(entry, material.interface), material)
    return [replace(page, key=f"{entry.type}-{page.passage}") for page in pages]


PAGES = (
    PageType(name="ratings", entry=Ratings, template="rating.html", plan=plan),
    PageType(name="training", entry=Training, template="rating.html", plan=plan),
)
