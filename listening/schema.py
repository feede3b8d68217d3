"""What a study file may hold; `docs/study-file.md` explains it field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from listening.designs import Design
from listening.language import Text, Words
from listening.pages import INTERFACES, PageEntry, entry, leaves
from listening.pages.kinds import Attributes, Key, Model, Name, Options

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{3,64}$")]
MOST_WANTED = 1_000_000
"""Participants; a quota above that is a slip."""

Language = Literal["en", "de", "fr", "es", "ar"]

DEFAULT_PAGES: list[PageEntry] = [
    entry(name)
    for name in ("consent", "instructions", "volume", "training", "ratings", "questionnaire")
]


def _known_interface(name: str) -> str:
    if name not in INTERFACES:
        raise ValueError(f"is no page type that rates stimuli; there are {', '.join(INTERFACES)}")
    return name


class Orders(Model):
    """In which order participants meet pages and stimuli.

    Attributes:
        pages: of an entry; blocks of entries keep their places.
        stimuli: of a page.
    """

    pages: Design = "random"
    stimuli: Design = "random"


class Completion(Model):
    """What participants take home: one code for all, or (the default) one each.

    Attributes:
        code: for everybody; else one each.
        screened_out: instead of the code for who failed a screening.
        failed_attention: instead of the code for who failed an attention check.
        url: where the last page leads; `{code}` in it becomes the code.
    """

    code: Code | None = None
    screened_out: Code | None = None
    failed_attention: Code | None = None
    url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=500)] | None = None


class StudyFile(Model):
    """A study: its stimuli, its pages, and how participants meet them.

    Attributes:
        title: what participants and researchers read.
        slug: the study's name in addresses and commands.
        manifest: the manifest.json of the stimuli, or its folder, relative to this file.
        interface: the page type that `ratings` and `training` stand for.
        seed: all orders follow from it and the participant's number.
        description: shown at the study's door, as Markdown.
        languages: what the study is offered in; the first is for whoever reads none of them.
        attributes: what is rated; else the page type's own.
        systems: names of the systems and anchors to compare; else all.
        passages: names of the passages to use, in their order; else all.
        pages: what participants go through: names of page types, or mappings with `type`.
        order: in which order participants meet pages and stimuli.
        passages_each: how many passages each participant rates; else all.
        groups: names of groups of participants, who meet the entries with their `for_group`.
        quota: how many participants are wanted; may be changed later.
        options: how rating pages behave.
        completion: what participants take home.
        analysis: what will be tested, named before the data come in; see docs/study-file.md.
    """

    title: Words
    slug: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
    manifest: Annotated[str, Field(min_length=1)]
    interface: Annotated[
        str, AfterValidator(_known_interface), Field(json_schema_extra={"enum": list(INTERFACES)})
    ]
    seed: Annotated[int, Field(ge=-(2**31), lt=2**31)] = 0
    description: Text = ""
    languages: Annotated[list[Language], Field(min_length=1)] = Field(default=["en"])
    attributes: Attributes | None = None
    systems: Annotated[list[Name], Field(min_length=1)] | None = None
    passages: Annotated[list[Name], Field(min_length=1)] | None = None
    pages: Annotated[list[PageEntry], Field(min_length=1)] = DEFAULT_PAGES
    order: Orders = Orders()
    passages_each: Annotated[int, Field(ge=1)] | None = None
    groups: Annotated[list[Key], Field(min_length=2, max_length=12)] | None = None
    quota: Annotated[int, Field(ge=1, le=MOST_WANTED)] | None = None
    options: Options = Options()
    completion: Completion = Completion()
    analysis: dict[Key, Any] = Field(default={})

    @model_validator(mode="after")
    def _whole(self) -> StudyFile:
        if len(set(self.groups or ())) < len(self.groups or ()):
            raise ValueError("two groups have the same name")
        entries = [entry.type for _, entry in leaves(self.pages)]
        if "thanks" in entries[:-1] or (entries[-1] == "thanks" != self.pages[-1].type):
            raise ValueError("the thanks page is the last one, nothing can follow it")
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of study files, for editors."""
    schema = StudyFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
