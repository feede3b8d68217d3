"""The operations of the API: studies, participants, ratings, answers, exports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, current_app, jsonify, request
from sqlalchemy.orm import Session

from listening import retention
from listening.answers import tidy_answers
from listening.audit import note
from listening.db import database
from listening.errors import problem
from listening.export import ratings_after
from listening.formats import FORMATS
from listening.models import Participant, Study
from listening.rest import listing, resources
from listening.rest.description import description
from listening.rest.operations import (
    OPERATIONS,
    Call,
    OfPeople,
    Paging,
    PagingOfPeople,
    blueprint,
    operation,
)
from listening.studies import NoSuchStudyError, find_study, set_quota, set_status
from listening.timeline import find_by_label

__all__ = ["blueprint"]

PEOPLE = "/studies/<slug>/participants"
CONTENT_TYPES = tuple(dict.fromkeys(kind.content_type for kind in FORMATS.values()))


@operation("GET", "/openapi.json", ("application/json",), role=None)
def openapi(call: Call) -> Response:
    """This description."""
    return jsonify(description(OPERATIONS))


@operation("GET", "/studies", resources.StudyList, query=Paging)
def studies(call: Call) -> resources.StudyList:
    """List the studies."""
    with database().read() as db:
        found = listing.studies_after(db, call.query.after, call.query.limit + 1)
        shown = found[: call.query.limit]
        following = _next(call, found, shown[-1].id if shown else 0)
        return resources.StudyList(items=listing.study_items(db, shown), next=following)


@operation("GET", "/studies/<slug>", resources.Study)
def study(call: Call, slug: str) -> resources.Study:
    """Show a study with its pages and its study file."""
    with database().read() as db:
        return listing.study_whole(db, _study(db, slug))


@operation("PATCH", "/studies/<slug>", resources.Study, role="owner", body=resources.StudyChanges)
def change_study(call: Call, slug: str) -> resources.Study:
    """Open or close a study, set its quota, or the last day on which it keeps what it was given."""
    changes: resources.StudyChanges = call.body
    with database().write() as db:
        found = _study(db, slug)
        if changes.status:
            set_status(found, changes.status)
            note(db, call.who, "opened" if changes.status == "open" else "closed", slug)
        if "keep_until" in changes.model_fields_set:
            try:
                retention.keep_until(found, changes.keep_until)
            except ValueError as error:
                abort(problem(400, "Not understood", str(error)))
            until = f"until {changes.keep_until}" if changes.keep_until else "no date"
            note(db, call.who, "set retention", slug, until)
        if "quota" in changes.model_fields_set:
            set_quota(found, changes.quota)
            note(db, call.who, "set quota", slug, str(changes.quota or "none"))
    # Counting takes its time, which participants need not wait for.
    with database().read() as db:
        return listing.study_whole(db, _study(db, slug))


@operation("GET", PEOPLE, resources.ParticipantList, query=PagingOfPeople)
def participants(call: Call, slug: str) -> resources.ParticipantList:
    """List the participants of a study."""
    with database().read() as db:
        found = _participants(db, call, slug)
        shown = found[: call.query.limit]
        following = _next(call, found, shown[-1].number if shown else 0)
        items = [listing.participant_item(person) for person in shown]
        return resources.ParticipantList(items=items, next=following)


@operation("GET", f"{PEOPLE}/<label>", resources.Participant)
def participant(call: Call, slug: str, label: str) -> resources.Participant:
    """Show one participant's run with all pages and answers."""
    with database().read() as db:
        found = listing.participant_whole(_participant(db, slug, label))
    _note(call, "took out answers", slug, label)
    return found


@operation("DELETE", f"{PEOPLE}/<label>", None, role="owner")
def delete_participant(call: Call, slug: str, label: str) -> None:
    """Delete a participant and everything they gave, for good."""
    with database().write() as db:
        person = _participant(db, slug, label)
        retention.delete_participant(db, person, Path(current_app.config["INSTANCE_PATH"]))
        note(db, call.who, "deleted participant", slug, label)


@operation("GET", f"{PEOPLE}/<label>/events", resources.EventList, query=Paging)
def events(call: Call, slug: str, label: str) -> resources.EventList:
    """List what happened in one participant's browser."""
    with database().read() as db:
        person = _participant(db, slug, label)
        found = listing.events_after(db, person, call.query.after, call.query.limit + 1)
        shown = found[: call.query.limit]
        following = _next(call, found, shown[-1].id if shown else 0)
        return resources.EventList(items=listing.event_items(person, shown), next=following)


@operation("GET", "/studies/<slug>/ratings", resources.RatingList, query=PagingOfPeople)
def ratings(call: Call, slug: str) -> resources.RatingList:
    """List the tidy ratings of completed pages of a study, practice left out."""
    asked = call.query
    with database().read() as db:
        found = ratings_after(db, _study(db, slug), asked.simulated, asked.after, asked.limit + 1)
        shown = found[: asked.limit]
        following = _next(call, found, shown[-1][0] if shown else 0)
    _note(call, "took out ratings", slug, "simulated" if asked.simulated else "")
    return resources.RatingList(items=[rating for _, rating in shown], next=following)


@operation("GET", "/studies/<slug>/answers", resources.AnswerList, query=PagingOfPeople)
def answers(call: Call, slug: str) -> resources.AnswerList:
    """List what was answered in words."""
    with database().read() as db:
        found = _participants(db, call, slug)
        shown = found[: call.query.limit]
        following = _next(call, found, shown[-1].number if shown else 0)
        numbers = [person.number for person in shown]
        items = tidy_answers(db, _study(db, slug), call.query.simulated, numbers)
    _note(call, "took out answers", slug, "simulated" if call.query.simulated else "")
    return resources.AnswerList(items=items, next=following)


@operation("GET", "/studies/<slug>/export/<kind>", CONTENT_TYPES, query=OfPeople)
def export(call: Call, slug: str, kind: str) -> Response:
    """Take out the ratings of a study as a file, as `flask study export` writes it."""
    with database().read() as db:
        found = _study(db, slug)
        if kind not in FORMATS:
            abort(problem(404, "Not found", f"no format {kind!r}; there are {', '.join(FORMATS)}"))
        content = FORMATS[kind].write(db, found, call.query.simulated)
    _note(call, "took out ratings", slug, kind + " (simulated)" * call.query.simulated)
    return Response(content, content_type=FORMATS[kind].content_type)


def _study(db: Session, slug: str) -> Study:
    try:
        return find_study(db, slug)
    except NoSuchStudyError as error:
        abort(problem(404, "Not found", str(error)))


def _participants(db: Session, call: Call, slug: str) -> list[Participant]:
    """One more than was asked for, to see whether there are more."""
    asked = call.query
    return listing.participants_after(
        db, _study(db, slug), asked.simulated, asked.after, asked.limit + 1
    )


def _participant(db: Session, slug: str, label: str) -> Participant:
    found = find_by_label(db, _study(db, slug), label)
    if found is None:
        abort(problem(404, "Not found", f"study {slug!r} has no participant {label!r}"))
    return found


def _next(call: Call, found: Sequence[Any], last: int) -> str | None:
    """The address of the next part, where more was found than is shown."""
    if len(found) <= call.query.limit:
        return None
    return f"{request.path}?{urlencode({**request.args.to_dict(), 'after': last})}"


def _note(call: Call, action: str, slug: str, detail: str) -> None:
    """Write to the log in a transaction of its own, so that participants wait for nothing slow."""
    with database().write() as db:
        note(db, call.who, action, slug, detail)
