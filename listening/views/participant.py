"""What participants see: open studies, the way in, and the pages of their run."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from pydantic import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from listening.audit import PARTICIPANT, note
from listening.db import database
from listening.language import Message
from listening.models import OPEN, Participant, Study, Visit, now
from listening.pages import PAGE_TYPES
from listening.recruiting import NoSuchLinkError, completion_code, is_look_only, join_key
from listening.retention import delete_participant
from listening.runs import (
    ClosedError,
    LockedError,
    PageBody,
    current_visit,
    ended_early,
    find_by_key,
    find_participant,
    is_full,
    join,
    save_page,
    saved_body,
    start,
    visit_at,
)
from listening.sounds import x_key
from listening.speech import in_words, speak_as, spoken
from listening.studies import NoSuchStudyError, find_study, open_studies
from listening.views.api import next_address

blueprint = Blueprint("participant", __name__)

JOIN_KEY_LENGTHS = range(16, 65)


@blueprint.get("/")
def index() -> str:
    """The studies that one can take part in."""
    with database().read() as db:
        return render_template("index.html", studies=open_studies(db))


@blueprint.get("/studies/<slug>/")
def welcome(slug: str) -> str:
    """The door of a study: begin, or go on with a run that this browser began."""
    with database().read() as db:
        try:
            study = find_study(db, slug)
        except NoSuchStudyError:
            abort(404)
        speak_as(study)
        key = _sent_with(slug)
        begun = (
            find_by_key(db, study, key)
            if key
            else find_participant(db, session.get("runs", {}).get(slug, ""))
        )
        return render_template(
            "welcome.html",
            study=study,
            door=_door(db, study),
            begun=begun,
            alone=key is not None,
            join_key=secrets.token_urlsafe(16),
        )


def _door(db: Session, study: Study) -> str:
    """Whether one gets in now: open, closed, full, or only to be looked at."""
    if study.status != OPEN:
        return "closed"
    if is_full(db, study):
        return "full"
    return "look_only" if is_look_only(request.args) else "open"


def _sent_with(slug: str) -> str | None:
    """The key of who comes from a panel or by a personal link."""
    try:
        return join_key(request.args, slug, current_app.config["SECRET_KEY"])
    except NoSuchLinkError:
        abort(404)


@blueprint.post("/studies/<slug>/")
def begin(slug: str) -> AnyResponse:
    """Join; the key that came with the form makes a double click one run, not two."""
    own_key = request.form.get("join_key", "")
    if len(own_key) not in JOIN_KEY_LENGTHS or is_look_only(request.args):
        abort(400)
    key = _sent_with(slug) or f"browser:{own_key}"
    try:
        with database().write() as db:
            token = join(db, find_study(db, slug), key).token
    except NoSuchStudyError:
        abort(404)
    except ClosedError:
        return redirect(url_for(".welcome", slug=slug))
    session.permanent = True
    session["runs"] = {**session.get("runs", {}), slug: token}
    return redirect(url_for(".where", token=token), 303)


@blueprint.get("/p/<token>")
def where(token: str) -> AnyResponse:
    """To the page where the participant is now."""
    with database().read() as db:
        participant = _participant(db, token)
        return redirect(url_for(".page", token=token, n=current_visit(participant).n))


@blueprint.get("/p/<token>/withdraw")
def withdrawal(token: str) -> str:
    """What withdrawing means, with a button to confirm."""
    with database().read() as db:
        participant = _participant(db, token)
        return render_template(
            "participant/withdraw.html", participant=participant, study=participant.study
        )


@blueprint.post("/p/<token>/withdraw")
def withdraw(token: str) -> str:
    """Delete everything that the participant gave; the answer is the receipt."""
    with database().write() as db:
        participant = _participant(db, token, for_change=True)
        study, label, moment = participant.study, participant.label, now()
        delete_participant(db, participant, Path(current_app.config["INSTANCE_PATH"]))
        note(db, PARTICIPANT, "withdrew", study.slug, label)
    runs = session.get("runs", {})
    session["runs"] = {slug: run for slug, run in runs.items() if run != token}
    at = moment.strftime("%Y-%m-%d %H:%M UTC")
    return render_template("participant/withdrawn.html", study=study, label=label, at=at)


@blueprint.get("/p/<token>/<int:n>")
def page(token: str, n: int) -> AnyResponse | str:
    """One page of the run; one that is not reached yet leads to where the participant is."""
    with database().write() as db:
        visit = visit_at(_participant(db, token, for_change=True), n)
        if visit is None:
            return redirect(url_for(".where", token=token))
        start(db, visit)
    return _shown(token, n)


@blueprint.post("/p/<token>/<int:n>")
def submit(token: str, n: int) -> AnyResponse | tuple[str, int]:
    """A form without script: save it, and leave the page if it is complete."""
    with database().write() as db:
        participant = _participant(db, token, for_change=True)
        visit = visit_at(participant, n)
        if visit is None or visit.completed_at is not None:
            return redirect(url_for(".where", token=token), 303)
        body = form_body(visit)
        try:
            saved = save_page(db, participant, n, body)
        except LockedError:
            abort(409)
        following = next_address(participant, n)
    if saved.gaps:
        return _shown(token, n, saved.gaps), 422
    return redirect(following or url_for(".where", token=token), 303)


def form_body(visit: Visit) -> PageBody:
    """What a form without script sent, as a state of the page that is complete."""
    keys = PAGE_TYPES[visit.page.kind].answer_keys(visit.page.config)
    try:
        return PageBody(
            revision=visit.revision + 1,
            answers={key: "\n".join(request.form.getlist(key))[:10_000] for key in keys},
            complete=True,
        )
    except ValidationError:
        abort(400)


def _participant(db: Session, token: str, for_change: bool = False) -> Participant:
    participant = find_participant(db, token, for_change)
    if participant is None:
        abort(404)
    speak_as(participant.study)
    return participant


def _shown(token: str, n: int, gaps: tuple[Message, ...] = ()) -> str:
    """A page of the run that was reached, read anew: while it is drawn, nobody waits to save."""
    with database().read() as db:
        participant = _participant(db, token)
        visit = participant.visits[n - 1]
        template = PAGE_TYPES[visit.page.kind].template
        return render_template(f"participant/{template}", **page_context(participant, visit, gaps))


def page_context(
    participant: Participant, visit: Visit, gaps: tuple[Message, ...] = ()
) -> dict[str, Any]:
    """What the template of a page is told."""
    return {
        "participant": participant,
        "study": participant.study,
        "completion": participant.study.definition["completion"],
        "code": completion_code(participant) if visit.page.kind == "thanks" else None,
        "ended_early": ended_early(participant),
        "visit": visit,
        "config": visit.page.config,
        "shown": in_words(visit.page.config),
        "answers": {answer.key: answer.value for answer in visit.answers},
        "script": PAGE_TYPES[visit.page.kind].script,
        "gaps": [gap.speak(spoken()) for gap in gaps],
        "locked": visit.completed_at is not None,
        "next": next_address(participant, visit.n),
        "page_data": page_data(participant, visit),
    }


def page_data(participant: Participant, visit: Visit) -> dict[str, Any]:
    """What the script of a page is told; nothing in it says which stimulus is which."""
    token, config = participant.token, in_words(visit.page.config)
    page_type = PAGE_TYPES[visit.page.kind]
    sounds = [
        {"id": shown.opaque_id, "url": url_for("media.sound", opaque_id=shown.opaque_id)}
        for shown in visit.presentations
    ]
    rated = [
        {**sound, "label": page_type.label(shown.position)}
        for sound, shown in zip(sounds, visit.presentations, strict=True)
        if shown.position > 0
    ]
    reference = [
        sound
        for sound, shown in zip(sounds, visit.presentations, strict=True)
        if shown.position == 0
    ]
    rates = {shown.stimulus.sample_rate_hz for shown in visit.presentations}
    return {
        "kind": visit.page.kind,
        "language": spoken(),
        "n": visit.n,
        "pages": len(participant.visits),
        "training": visit.page.training,
        "locked": visit.completed_at is not None,
        "api": {
            "page": url_for("api.save", token=token, n=visit.n),
            "events": url_for("api.events", token=token),
        },
        "next": next_address(participant, visit.n),
        "sample_rate_hz": rates.pop() if rates else None,
        "stimuli": rated,
        "reference": reference[0] if reference else None,
        "attributes": config.get("attributes", []),
        "options": config.get("options", {}),
        "choices": config.get("choices", []),
        "no_preference": config.get("no_preference", False),
        "feedback": _feedback(visit),
        "x_was": _x_was(visit),
        "preload": _next_sounds(participant, visit),
        "saved": saved_body(visit),
    }


def _next_sounds(participant: Participant, visit: Visit) -> list[str]:
    """The sounds of the next page, to be fetched while this one is heard."""
    if visit.n >= len(participant.visits):
        return []
    following = participant.visits[visit.n].presentations
    return [url_for("media.sound", opaque_id=shown.opaque_id) for shown in following]


def _feedback(visit: Visit) -> list[dict[str, Any]]:
    """What is said about each stimulus of a practice page that was left; of others, nothing."""
    if visit.completed_at is None or not visit.page.training:
        return []
    said = {item["system"]: item for item in visit.page.config.get("feedback", ())}
    return [
        {
            "stimulus": shown.opaque_id,
            **{key: in_words(said[shown.stimulus.system][key]) for key in ("text", "low", "high")},
        }
        for shown in visit.presentations
        if shown.position > 0 and shown.stimulus.system in said
    ]


def _x_was(visit: Visit) -> str | None:
    """Which stimulus X was, once a practice page of ABX was left; else None."""
    if visit.completed_at is None or not visit.page.training or not PAGE_TYPES[visit.page.kind].x:
        return None
    x, *pair = visit.presentations
    return next(shown.opaque_id for shown in pair if x_key(shown.stimulus.key) == x.stimulus.key)
