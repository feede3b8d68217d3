"""What the pages of a participant call: save a page, report events."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response, jsonify, request, url_for
from pydantic import BaseModel, Field, ValidationError

from listening.db import database
from listening.errors import problem
from listening.models import Page, Participant
from listening.pages import PAGE_TYPES
from listening.runs import (
    EventBody,
    LockedError,
    PageBody,
    RefusedError,
    Saved,
    add_events,
    find_participant,
    next_visit,
    save_page,
    saved_body,
    visit_at,
)
from listening.speech import speak_as, word

blueprint = Blueprint("api", __name__, url_prefix="/api/p/<token>")


class EventsBody(BaseModel):
    """A batch of events."""

    events: Annotated[list[EventBody], Field(max_length=1000)]


@blueprint.put("/pages/<int:n>")
def save(token: str, n: int) -> Response:
    """Save the state of a page; answered only after it is on disk."""
    try:
        body = PageBody.model_validate_json(request.get_data())
        with database().write() as session:
            participant = find_participant(session, token, for_change=True)
            if participant is None:
                return _nobody()
            language = speak_as(participant.study)
            saved = save_page(session, participant, n, body)
            answer = _acknowledgement(participant, n, saved)
    except (ValidationError, LockedError, RefusedError) as error:
        return not_saved(error)
    return incomplete(saved, language) if saved.gaps else jsonify(answer)


@blueprint.post("/events")
def events(token: str) -> Response:
    """Keep events; a beacon may come with any content type."""
    try:
        body = EventsBody.model_validate_json(request.get_data())
    except ValidationError as error:
        return not_saved(error)
    with database().write() as session:
        participant = find_participant(session, token, for_change=True)
        if participant is None:
            return _nobody()
        add_events(session, participant, body.events)
    return Response(status=204)


def _acknowledgement(participant: Participant, n: int, saved: Saved) -> dict[str, object]:
    answer: dict[str, object] = {
        "revision": saved.revision,
        "saved_at": saved.saved_at.isoformat(timespec="milliseconds"),
        "complete": saved.complete,
        "stale": saved.stale,
        "next": after_address(participant, n),
    }
    visit = visit_at(participant, n)
    if saved.stale and visit is not None:
        answer["saved"] = saved_body(visit)
    return answer


def next_address(participant: Participant, n: int) -> str | None:
    """Where page `n` leads to; None after the last."""
    following = next_visit(participant, n)
    if following is None:
        return None
    return url_for("participant.page", token=participant.token, n=following.n)


def after_address(participant: Participant, n: int) -> str | None:
    """Where to go once page `n` is complete: on, or to the same page where it has feedback."""
    if tells_afterwards(participant.visits[n - 1].page):
        return url_for("participant.page", token=participant.token, n=n)
    return next_address(participant, n)


def tells_afterwards(page: Page) -> bool:
    """Whether a page says something once it was left, so that one comes to it once more."""
    return page.training and bool(page.config.get("feedback") or PAGE_TYPES[page.kind].x)


def _nobody() -> Response:
    return problem(404, "Not found", word("error_404_text"))


def incomplete(saved: Saved, language: str) -> Response:
    """The answer where a page was to be left, and something is missing."""
    gaps = [gap.speak(language) for gap in saved.gaps]
    return problem(422, "Not complete", " ".join(gaps), gaps=gaps, revision=saved.revision)


def not_saved(error: ValidationError | LockedError | RefusedError) -> Response:
    """The answer to a state or to events that cannot be taken."""
    if isinstance(error, LockedError):
        return problem(409, "Page is locked", str(error))
    if isinstance(error, RefusedError):
        return problem(400, "Does not fit the page", str(error))
    details = "; ".join(
        f"{'.'.join(str(step) for step in item['loc'])}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)[:5]
    )
    return problem(400, "Not understood", details)
