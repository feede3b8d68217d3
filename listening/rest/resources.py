"""What the API gives out; the description of the API is made from these classes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from listening.answers import TidyAnswer
from listening.export import TidyRating

Item = TypeVar("Item")


class Resource(BaseModel):
    """Something that the API gives out."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, from_attributes=True, use_attribute_docstrings=True
    )


class Listed(Resource, Generic[Item]):
    """A part of a list."""

    items: list[Item]

    next: str | None
    """The address of the next part; null at the end."""


class StudyItem(Resource):
    """A study at a glance."""

    slug: str
    title: str
    status: Literal["open", "closed"]
    created_at: datetime
    keep_until: date | None
    """The last day on which it keeps what participants gave."""
    joined: int
    """Real participants who began."""
    finished: int
    """Real participants who finished."""


class StudyPage(Resource):
    """A page of a study, and how real participants got on with it."""

    key: str
    kind: str
    reached: int
    completed: int
    here: int
    """Are on it now."""
    left_here: int
    """Began it, did not complete it and are gone."""
    failed: int
    """Completed it and did not pass its screening."""
    median_s: float | None
    """Of the time from first sight to completion."""


class Study(StudyItem):
    """A study with its pages and the study file that it was made from."""

    pages: list[StudyPage]
    definition: dict[str, Any]
    """The study file with all defaults filled in; its own schema: `flask study schema`."""


class StudyChanges(Resource):
    """What may be changed of a study; what is left out stays."""

    status: Literal["open", "closed"] | None = None
    keep_until: date | None = None
    """null: keep everything for ever."""


class ParticipantItem(Resource):
    """One run through a study, under a pseudonym."""

    label: str
    """P001, or S001 when simulated."""
    simulated: bool
    joined_at: datetime
    last_seen: datetime
    consented_at: datetime | None
    finished_at: datetime | None
    page: str | None
    """The key of the first page that is not complete; null once they have finished."""
    pages_done: int
    pages: int


class Visit(Resource):
    """One page of a run."""

    n: int
    """1 for the first page of this participant."""
    page: str
    kind: str
    started_at: datetime | None
    saved_at: datetime | None
    completed_at: datetime | None
    answers: dict[str, str]
    comment: str


class Participant(ParticipantItem):
    """One run with its pages in this participant's order."""

    visits: list[Visit]


class Event(Resource):
    """Something that happened in a participant's browser."""

    at: datetime
    """By the participant's clock."""
    received_at: datetime
    page: str
    """The key of the page; empty where it happened on none."""
    name: str
    data: dict[str, Any]
    """Stimuli by their letter and system."""


class StudyList(Listed[StudyItem]):
    """A part of the studies, the oldest first."""


class ParticipantList(Listed[ParticipantItem]):
    """A part of the participants, the first to join first."""


class EventList(Listed[Event]):
    """A part of the events, the first to arrive first."""


class RatingList(Listed[TidyRating]):
    """A part of the ratings, the first to be saved first; the columns are those of the exports."""


class AnswerList(Listed[TidyAnswer]):
    """The answers of a part of the participants; `limit` counts participants."""


class Problem(BaseModel):
    """An error, after RFC 9457."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
