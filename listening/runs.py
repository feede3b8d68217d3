"""A participant's run through a study: join, resume, save a page, leave it, finish.

A state that a participant saw acknowledged is on disk: callers answer only after the transaction
of `Database.write` ended. Saving is idempotent, and a state that comes late changes nothing.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import select, update
from sqlalchemy.orm import Session, selectinload

from listening.arrangement import TOKEN_BYTES, count_expected, visits
from listening.language import Message
from listening.models import (
    OPEN,
    Answer,
    Event,
    Participant,
    Presentation,
    Rating,
    Study,
    Visit,
    now,
)
from listening.pages import PAGE_TYPES
from listening.pages.kinds import MOST_ATTRIBUTES, PageState, RatingState
from listening.pages.questionnaire import MOST_QUESTIONS
from listening.pages.rating import MOST_STIMULI, impossible

CODE_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that look alike
FIRST_YEAR, LAST_YEAR = 1970, 9998
MOST_EVENT_CHARACTERS = 10_000
VERDICT, FAILED = "verdict", "failed"
"""The answer that the server gives itself on pages that screen: passed or failed."""


class ClosedError(Exception):
    """The study takes no participants now."""


class FullError(ClosedError):
    """The study has as many participants as it wants."""


class LockedError(Exception):
    """The page cannot be changed: it is complete, or not reached yet."""


class RefusedError(Exception):
    """The state does not belong to this page."""


def _without_nul(text: str) -> str:
    # What PostgreSQL cannot keep must not cost the rest of an answer.
    return text.replace("\0", "")


def _in_our_time(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"is not between the years {FIRST_YEAR} and {LAST_YEAR}")
    return moment


def _small(data: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(data, allow_nan=False)) > MOST_EVENT_CHARACTERS:
        raise ValueError(f"is over {MOST_EVENT_CHARACTERS} characters long as JSON")
    return data


Given = Annotated[str, Field(max_length=10_000), AfterValidator(_without_nul)]
"""What a participant wrote."""

Moment = Annotated[AwareDatetime, AfterValidator(_in_our_time)]
"""By a browser's clock, which may be wrong by decades; but every database can keep it."""


class RatingBody(BaseModel):
    """One stimulus and attribute in a saved state."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    stimulus: Annotated[str, Field(max_length=64)]
    attribute: Annotated[str, Field(max_length=80)]
    score: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False, strict=True)] | None = None
    rated_at: Moment | None = None
    listened_ms: Annotated[int, Field(ge=0, lt=2**31)] = 0
    plays: Annotated[int, Field(ge=0, lt=2**31)] = 0


class PageBody(BaseModel):
    """The state of a page as the browser has it.

    Ratings, answers and the comment that it leaves out stay as they are; a rating that it holds
    takes the place of the one before.

    Attributes:
        revision: counts the changes that the browser knows of.
        base: the revision of the server's that this state takes into account; None for a page
            without script, which is what the server just sent.
        tab: which tab of which browser has it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    revision: Annotated[int, Field(ge=1, lt=2**31)]
    base: Annotated[int, Field(ge=0, lt=2**31)] | None = None
    tab: Annotated[str, Field(max_length=40)] = ""
    ratings: Annotated[list[RatingBody], Field(max_length=MOST_STIMULI * MOST_ATTRIBUTES)] = []
    answers: Annotated[
        dict[
            Annotated[str, Field(max_length=80)],
            Given,
        ],
        Field(max_length=MOST_QUESTIONS),
    ] = {}
    comment: Given | None = None
    complete: bool = False


class EventBody(BaseModel):
    """One event of a participant's browser."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: Moment
    page: Annotated[int, Field(ge=0, lt=10_000)]
    name: Annotated[str, Field(pattern=r"^[a-z][a-z_-]{0,39}$")]
    data: Annotated[dict[str, Any], AfterValidator(_small)] = {}


@dataclass(frozen=True)
class Saved:
    """What the server has after a save.

    Attributes:
        stale: another state of this page was saved before, and this one changed nothing.
        gaps: what is missing before the page can be left, where it was asked to be.
    """

    revision: int
    saved_at: datetime
    complete: bool
    stale: bool
    gaps: tuple[Message, ...]


def join(session: Session, study: Study, join_key: str, simulated: bool = False) -> Participant:
    """Begin a run, or resume the one that was begun with the same key.

    Raises:
        ClosedError: the study is closed and nobody joined with this key.
        FullError: … or it has as many participants as it wants.
    """
    # One at a time: who comes twice at once is found, and everyone counts for who comes next.
    counter = "next_simulated_number" if simulated else "next_number"
    session.refresh(study, ["status", "quota", counter], with_for_update=True)
    there = find_by_key(session, study, join_key)
    if there is not None:
        return there
    if study.status != OPEN and not simulated:
        raise ClosedError(study.slug)
    if not simulated and is_full(session, study):
        raise FullError(study.slug)
    number = getattr(study, counter)
    setattr(study, counter, number + 1)
    participant = Participant(
        study_id=study.id,
        number=number,
        simulated=simulated,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        join_key=join_key,
        completion_code=study.definition["completion"]["code"]
        or "".join(secrets.choice(CODE_LETTERS) for _ in range(8)),
    )
    participant.visits = visits(session, study, number, simulated)
    session.add(participant)
    session.flush()
    return participant


def is_full(session: Session, study: Study) -> bool:
    """Whether those who finished or are at work are as many as the study wants."""
    return study.quota is not None and count_expected(session, study) >= study.quota


def find_by_key(session: Session, study: Study, join_key: str) -> Participant | None:
    """Who joined with that key; None where nobody did."""
    return session.scalar(
        select(Participant).where(
            Participant.study_id == study.id, Participant.join_key == join_key
        )
    )


def find_participant(session: Session, token: str, for_change: bool = False) -> Participant | None:
    """Who has that token, with pages; None where nobody has.

    Args:
        for_change: nobody else changes or deletes this run until the transaction ends.
    """
    query = (
        select(Participant)
        .where(Participant.token == token)
        .options(
            selectinload(Participant.study),
            selectinload(Participant.visits).selectinload(Visit.page),
        )
    )
    return session.scalar(query.with_for_update() if for_change else query)


def ended_early(participant: Participant) -> bool:
    """Whether a failed check after which nobody goes on has sent the participant to the end."""
    return any(
        visit.completed_at is not None
        and visit.page.config.get("on_fail") == "end"
        and any(item.key == VERDICT and item.value == FAILED for item in visit.answers)
        for visit in participant.visits
    )


def current_visit(participant: Participant) -> Visit:
    """Where the participant is now: the first page that is not complete; at the end, the last."""
    if ended_early(participant):
        return participant.visits[-1]
    for visit in participant.visits:
        if visit.completed_at is None:
            return visit
    return participant.visits[-1]


def visit_at(participant: Participant, n: int) -> Visit | None:
    """The n-th page of the run if the participant has reached it."""
    if not 1 <= n <= len(participant.visits):
        return None
    visit = participant.visits[n - 1]
    reached = visit.completed_at is not None or visit is current_visit(participant)
    return visit if reached else None


def next_visit(participant: Participant, n: int) -> Visit | None:
    """The page after the n-th one; None after the last."""
    if n >= len(participant.visits):
        return None
    following = participant.visits[n]
    if following.completed_at is None and ended_early(participant):
        return participant.visits[-1]
    return following


def start(session: Session, visit: Visit) -> None:
    """Note when the page was first seen."""
    session.execute(
        update(Visit)
        .where(Visit.id == visit.id, Visit.started_at.is_(None))
        .values(started_at=now())
    )


def save_page(session: Session, participant: Participant, n: int, body: PageBody) -> Saved:
    """Take a state of page `n` and, where asked, leave the page.

    Raises:
        LockedError: the page is complete and this is another state, or it is not reached yet.
        RefusedError: the state names stimuli, attributes or answers that the page does not have.
    """
    if visit_at(participant, n) is None:
        raise LockedError("Please finish the earlier pages first.")
    visit = session.scalars(
        select(Visit)
        .where(Visit.participant_id == participant.id, Visit.n == n)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    digest = sha256(json.dumps(body.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    # Who has changed more than others did knows no more of them: what they saved would be undone.
    # A tab goes on from its own state, also before it heard that this was saved.
    own = body.tab != "" and body.tab == visit.saved_by
    follows = body.base in (None, visit.revision) or own
    newer = follows and body.revision > visit.revision
    stale = not newer and digest != visit.body_sha256
    if newer:
        if visit.completed_at is not None:
            raise LockedError("This page is complete and can no longer be changed.")
        _apply(visit, body)
        visit.revision, visit.body_sha256, visit.saved_at = body.revision, digest, now()
        visit.saved_by = body.tab
    gaps: tuple[Message, ...] = ()
    if body.complete and not stale and visit.completed_at is None:
        gaps = tuple(page_gaps(visit))
        if not gaps:
            _complete(session, participant, visit)
    session.flush()
    return Saved(
        revision=visit.revision,
        saved_at=visit.saved_at or now(),
        complete=visit.completed_at is not None,
        stale=stale,
        gaps=gaps,
    )


def page_gaps(visit: Visit) -> list[Message]:
    """What is missing before the participant may leave the page."""
    page_type, config, state = PAGE_TYPES[visit.page.kind], visit.page.config, page_state(visit)
    return page_type.gaps(config, state) or impossible(page_type, config, state)


def saved_body(visit: Visit) -> dict[str, Any] | None:
    """The newest saved state as the browser sent it; None where nothing was saved."""
    if visit.revision == 0:
        return None
    return {
        "revision": visit.revision,
        "ratings": [
            {
                "stimulus": presentation.opaque_id,
                "attribute": rating.attribute,
                "score": rating.score,
                "rated_at": _iso(rating.rated_at),
                "listened_ms": rating.listened_ms,
                "plays": rating.plays,
            }
            for presentation in visit.presentations
            for rating in presentation.ratings
        ],
        "answers": {answer.key: answer.value for answer in visit.answers if answer.key != VERDICT},
        "comment": visit.comment,
        "complete": visit.completed_at is not None,
    }


def add_events(session: Session, participant: Participant, events: list[EventBody]) -> None:
    """Keep what happened in the browser; what is there already, its answer lost, comes once."""
    known = session.scalars(
        select(Event).where(
            Event.participant_id == participant.id, Event.at.in_({event.at for event in events})
        )
    )
    there = {(item.at, item.page, item.name, _plain(item.data)) for item in known}
    session.add_all(
        Event(participant_id=participant.id, **event.model_dump())
        for event in events
        if (event.at, event.page, event.name, _plain(event.data)) not in there
    )


def _plain(data: dict[str, Any]) -> str:
    return json.dumps(data, sort_keys=True)


def _apply(visit: Visit, body: PageBody) -> None:
    shown = {item.opaque_id: item for item in visit.presentations if item.position > 0}
    attributes = {attribute["key"] for attribute in visit.page.config.get("attributes", ())}
    known_answers = PAGE_TYPES[visit.page.kind].answer_keys(visit.page.config)
    for rating in body.ratings:
        if rating.stimulus not in shown or rating.attribute not in attributes:
            raise RefusedError(f"no {rating.attribute!r} of {rating.stimulus!r} on this page")
    if unknown := sorted(set(body.answers) - known_answers):
        raise RefusedError(f"no question {', '.join(unknown)} on this page")
    for rating in body.ratings:
        _set_rating(shown[rating.stimulus], rating)
    answers = {answer.key: answer for answer in visit.answers}
    for key, value in body.answers.items():
        if key in answers:
            answers[key].value = value
        else:
            visit.answers.append(Answer(key=key, value=value))
    if body.comment is not None:
        visit.comment = body.comment


def _set_rating(presentation: Presentation, body: RatingBody) -> None:
    values = body.model_dump(exclude={"stimulus", "attribute"})
    for rating in presentation.ratings:
        if rating.attribute == body.attribute:
            for name, value in values.items():
                setattr(rating, name, value)
            return
    presentation.ratings.append(Rating(attribute=body.attribute, **values))


def _complete(session: Session, participant: Participant, visit: Visit) -> None:
    moment = now()
    visit.completed_at = moment
    if not visit.page.training:
        _number_ratings(session, participant.study, visit)
    page_type, state = PAGE_TYPES[visit.page.kind], page_state(visit)
    if outcome := page_type.verdict(visit.page.config, state):
        visit.answers.append(Answer(key=VERDICT, value=outcome))
    if visit.page.kind == "consent":
        participant.consented_at = moment
        participant.consent_version = participant.study.consent_version
    if current_visit(participant).n == len(participant.visits) and not ended_early(participant):
        participant.finished_at = participant.finished_at or moment


def _number_ratings(session: Session, study: Study, visit: Visit) -> None:
    given = [
        rating
        for shown in visit.presentations
        for rating in shown.ratings
        if rating.score is not None
    ]
    if not given:
        return
    # One page at a time: whoever has read a number finds nothing new below it.
    session.refresh(study, ["next_rating_number"], with_for_update=True)
    for number, rating in enumerate(given, start=study.next_rating_number):
        rating.number = number
    study.next_rating_number += len(given)


def page_state(visit: Visit) -> PageState:
    """What the participant did on a page so far."""
    attributes = [attribute["key"] for attribute in visit.page.config.get("attributes", ())]
    ratings = []
    for shown in visit.presentations:
        there = {rating.attribute: rating for rating in shown.ratings}
        for attribute in attributes if shown.position > 0 else ():
            rating = there.get(attribute)
            ratings.append(
                RatingState(
                    label=PAGE_TYPES[visit.page.kind].label(shown.position),
                    attribute=attribute,
                    score=rating.score if rating else None,
                    listened_ms=rating.listened_ms if rating else 0,
                    plays=rating.plays if rating else 0,
                )
            )
    return PageState(
        answers={answer.key: answer.value for answer in visit.answers},
        ratings=tuple(ratings),
        shown=tuple(shown.stimulus.system for shown in visit.presentations if shown.position > 0),
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None
