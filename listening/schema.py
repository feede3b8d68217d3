"""What a study file may hold; `docs/study-file.md` explains it field by field."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from listening.pages import (
    Attribute,
    Consent,
    Instructions,
    Key,
    Model,
    Name,
    Options,
    PageEntry,
    Questionnaire,
    Ratings,
    Thanks,
    Training,
    Volume,
)

Order = Literal["random", "fixed"]

DEFAULT_ATTRIBUTES = [Attribute(key="preference", question="How good is the mix?")]
DEFAULT_PAGES: list[PageEntry] = [
    Consent(),
    Instructions(),
    Volume(),
    Training(),
    Ratings(),
    Questionnaire(),
]


class Orders(Model):
    """In which order participants meet pages and stimuli."""

    pages: Order = "random"
    stimuli: Order = "random"


class Completion(Model):
    """What participants take home: one code for all, or (the default) one each."""

    code: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{3,64}$")] | None = None
    url: Annotated[str, Field(pattern=r"^https?://\S+$", max_length=500)] | None = None


class StudyFile(Model):
    """A study: its stimuli, its pages, and how participants meet them."""

    title: Annotated[str, Field(min_length=1, max_length=300)]
    slug: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]
    manifest: Annotated[str, Field(min_length=1)]
    interface: Literal["mushra", "ape"]
    seed: int = 0
    description: str = ""
    attributes: Annotated[list[Attribute], Field(min_length=1, max_length=8)] = DEFAULT_ATTRIBUTES
    systems: Annotated[list[Name], Field(min_length=1)] | None = None
    passages: Annotated[list[Name], Field(min_length=1)] | None = None
    pages: Annotated[list[PageEntry], Field(min_length=1)] = DEFAULT_PAGES
    order: Orders = Orders()
    options: Options = Options()
    completion: Completion = Completion()
    analysis: dict[Key, Any] = Field(default={})

    @model_validator(mode="after")
    def _whole(self) -> StudyFile:
        keys = [attribute.key for attribute in self.attributes]
        if len(set(keys)) < len(keys):
            raise ValueError("two attributes have the same key")
        if any(isinstance(entry, Thanks) for entry in self.pages[:-1]):
            raise ValueError("the thanks page is the last one, nothing can follow it")
        return self


def json_schema() -> dict[str, Any]:
    """The JSON Schema of study files, for editors."""
    schema = StudyFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
