"""What the API gives out; the description of the API is made from these classes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from listening.answers import TidyAnswer
from listening.documented import describe
from listening.export import TidyRating
from listening.schema import MOST_WANTED

Item = TypeVar("Item")


class Resource(BaseModel):
    """Something that the API gives out."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        from_attributes=True,
        defer_build=True,
        json_schema_extra=describe,
    )


class Listed(Resource, Generic[Item]):
    """A part of a list.

    Attributes:
        next: the address of the next part; null at the end.
    """

    items: list[Item]
    next: str | None


class StudyItem(Resource):
    """A study at a glance.

    Attributes:
        keep_until: the last day on which it keeps what participants gave.
        quota: how many participants are wanted; null for any number.
        joined: real participants who began.
        finished: real participants who finished.
    """

    slug: str
    title: str
    status: Literal["open", "closed"]
    created_at: datetime
    keep_until: date | None
    quota: int | None
    joined: int
    finished: int


class StudyPage(Resource):
    """A page of a study, and how real participants got on with it.

    Attributes:
        here: are on it now.
        left_here: began it, did not complete it and are gone.
        failed: completed it and did not pass its screening.
        median_s: of the time from first sight to completion.
    """

    key: str
    kind: str
    reached: int
    completed: int
    here: int
    left_here: int
    failed: int
    median_s: float | None


class Study(StudyItem):
    """A study with its pages and the study file that it was made from.

    Attributes:
        definition: the study file with all defaults; `flask study schema` is its schema.
    """

    pages: list[StudyPage]
    definition: dict[str, Any]


class StudyChanges(Resource, strict=True):
    """What may be changed of a study; what is left out stays.

    Attributes:
        keep_until: the last day on which it keeps what participants gave; null for ever.
        quota: how many participants are wanted; null for any number.
    """

    status: Literal["open", "closed"] | None = None
    keep_until: date | None = None
    quota: Annotated[int, Field(ge=1, le=MOST_WANTED)] | None = None


class ParticipantItem(Resource):
    """One run through a study, under a pseudonym.

    Attributes:
        label: P001, or S001 when simulated.
        group: which of the study's groups they are in; empty where it has none.
        page: the key of the first page that is not complete; null at the end.
        screened_out: a failed check has sent them to the end.
    """

    label: str
    group: str
    simulated: bool
    joined_at: datetime
    last_seen: datetime
    consented_at: datetime | None
    finished_at: datetime | None
    page: str | None
    screened_out: bool
    pages_done: int
    pages: int


class Visit(Resource):
    """One page of a run.

    Attributes:
        n: 1 for the first page of this participant.
    """

    n: int
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
    """Something that happened in a participant's browser.

    Attributes:
        at: by the participant's clock.
        page: the key of the page; empty where it happened on none.
        data: stimuli by their letter and system.
    """

    at: datetime
    received_at: datetime
    page: str
    name: str
    data: dict[str, Any]


class StudyList(Listed[StudyItem]):
    """A part of the studies, the oldest first."""


class ParticipantList(Listed[ParticipantItem]):
    """A part of the participants, the first to join first."""


class EventList(Listed[Event]):
    """A part of the events, the first to arrive first."""


class RatingList(Listed[TidyRating]):
    """A part of the ratings of completed pages, the first to be completed first.

    The columns are those of the exports.
    """


class AnswerList(Listed[TidyAnswer]):
    """The answers of a part of the participants; `limit` counts participants."""


class Problem(BaseModel):
    """An error, after RFC 9457."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
