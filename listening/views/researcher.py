"""The researchers' desk: log in, see studies live, open and close them, take the table out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask_login import current_user, login_required, logout_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from listening import login as logins
from listening.accounts import check_password
from listening.answers import tidy_answers, to_csv
from listening.audit import note
from listening.balance import Balance, balance
from listening.db import database
from listening.formats import FORMATS
from listening.models import Study, label_of, now
from listening.progress import (
    ParticipantState,
    Progress,
    participant_states,
    study_progress,
    study_totals,
)
from listening.retention import is_overdue
from listening.studies import NoSuchStudyError, all_studies, find_study, set_quota, set_status
from listening.timeline import number_of

blueprint = Blueprint("researcher", __name__, url_prefix="/desk")

MOST_PEOPLE = 25
"""In one part of the list of participants."""

MANY = 1000
"""Participants whose progress takes so long to count that it is counted less often."""


@blueprint.get("/login")
def login() -> AnyResponse | str:
    """The form to log in."""
    if current_user.is_authenticated:
        return redirect(url_for(".desk"))
    return render_template("desk/login.html", failed=False)


@blueprint.post("/login")
@logins.limiter.limit(logins.LOGIN_LIMITS)
def log_in() -> AnyResponse | tuple[str, int]:
    """Log in; what was wrong is not said."""
    with database().read() as db:
        found = check_password(db, request.form.get("name", ""), request.form.get("password", ""))
        if found is None:
            return render_template("desk/login.html", failed=True), 401
        logins.log_in(found)
    _note(found.name, "logged in")
    return redirect(_safe_target(request.args.get("next", "")), 303)


@blueprint.post("/logout")
def logout() -> AnyResponse:
    """Log out; a run that this browser began as a participant stays."""
    logout_user()
    session.pop("desk_since", None)
    return redirect(url_for(".login"), 303)


@blueprint.get("/")
@login_required  # type: ignore[untyped-decorator]
def desk() -> str:
    """All studies at a glance."""
    with database().read() as db:
        rows = [
            (study, study_totals(db, study), study_totals(db, study, simulated=True))
            for study in all_studies(db)
        ]
        return render_template("desk/desk.html", rows=rows)


@blueprint.get("/studies/<slug>/")
@login_required  # type: ignore[untyped-decorator]
def study(slug: str) -> str:
    """One study, live."""
    with database().read() as db:
        return _render_study(db, study_or_404(db, slug), "desk/study.html")


@blueprint.get("/studies/<slug>/progress")
@login_required  # type: ignore[untyped-decorator]
def progress(slug: str) -> str:
    """The part of a study's page that changes while participants are at work."""
    with database().read() as db:
        return _render_study(db, study_or_404(db, slug), "desk/_progress.html")


@blueprint.post("/studies/<slug>/status")
@logins.owner_required
def change_status(slug: str) -> AnyResponse:
    """Open or close a study."""
    status = request.form.get("status")
    with database().write() as db:
        found = study_or_404(db, slug)
        if status == "open":
            set_status(found, "open")
        elif status == "closed":
            set_status(found, "closed")
        else:
            abort(400)
        note(db, current_user.name, "opened" if status == "open" else "closed", slug)
    return redirect(url_for(".study", slug=slug), 303)


@blueprint.post("/studies/<slug>/quota")
@logins.owner_required
def change_quota(slug: str) -> AnyResponse:
    """Say how many participants are wanted; empty for any number."""
    given = request.form.get("quota", "").strip()
    if given and not given.isdecimal():
        abort(400)
    with database().write() as db:
        try:
            set_quota(study_or_404(db, slug), int(given) if given else None)
        except ValueError:
            abort(400)
        note(db, current_user.name, "set quota", slug, given or "none")
    return redirect(url_for(".study", slug=slug), 303)


@blueprint.get("/studies/<slug>/ratings/<kind>")
@login_required  # type: ignore[untyped-decorator]
def ratings(slug: str, kind: str) -> Response:
    """The tidy table in one of the formats: of real or, with ?simulated=1, simulated people."""
    if kind not in FORMATS:
        abort(404)
    chosen, simulated = FORMATS[kind], request.args.get("simulated") == "1"
    with database().read() as db:
        content = chosen.write(db, study_or_404(db, slug), simulated)
    _note(current_user.name, "took out ratings", slug, kind + " (simulated)" * simulated)
    named = "-webmushra" if kind == "webmushra" else ""
    return _download(content, chosen.content_type, slug + named, chosen.suffix, simulated)


@blueprint.get("/studies/<slug>/answers")
@login_required  # type: ignore[untyped-decorator]
def answers(slug: str) -> Response:
    """What was answered in words, as CSV."""
    simulated = request.args.get("simulated") == "1"
    with database().read() as db:
        text = to_csv(tidy_answers(db, study_or_404(db, slug), simulated))
    _note(current_user.name, "took out answers", slug, "simulated" if simulated else "")
    kind = "text/csv; charset=utf-8"
    return _download(text.encode(), kind, f"{slug}-answers", ".csv", simulated)


def _note(*entry: str) -> None:
    """Write to the log in a transaction of its own, so that participants wait for nothing slow."""
    with database().write() as db:
        note(db, *entry)


def _download(
    content: bytes, content_type: str, name: str, suffix: str, simulated: bool
) -> Response:
    marked = "-simulated" if simulated else ""
    return Response(
        content,
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}{marked}{suffix}"'},
    )


def study_or_404(db: Session, slug: str) -> Study:
    """The study of that slug, or the page that says there is none."""
    try:
        return find_study(db, slug)
    except NoSuchStudyError:
        abort(404)


@dataclass(frozen=True)
class Crowd:
    """The real participants of a study, or the simulated ones, as its page shows them.

    Attributes:
        people: one part of them, the newest first.
        newer: from whom on the part with newer ones begins; None where there is none.
        older: the same for the older ones.
    """

    simulated: bool
    progress: Progress
    balance: Balance
    people: Sequence[ParticipantState]
    newer: str | None
    older: str | None


def _crowd(db: Session, study: Study, simulated: bool, start: str | None) -> Crowd:
    newest = number_of(start, simulated) if start else None
    found = participant_states(db, study, simulated, newest, MOST_PEOPLE + 1)
    people, more = found[:MOST_PEOPLE], found[MOST_PEOPLE:]
    return Crowd(
        simulated,
        study_progress(db, study, simulated),
        balance(db, study, simulated),
        people,
        newer=None if newest is None else label_of(newest + MOST_PEOPLE, simulated),
        older=more[0].label if more else None,
    )


def _render_study(db: Session, found: Study, template: str) -> str:
    start = request.args.get("from", "").strip().upper()
    crowds = [_crowd(db, found, simulated, start) for simulated in (False, True)]
    joined = max(crowd.progress.joined for crowd in crowds)
    return render_template(
        template,
        study=found,
        formats=FORMATS,
        overdue=is_overdue(found),
        today=now().date(),
        crowds=crowds,
        start=start,
        every_s=3 if joined <= MANY else 15,
        join_address=url_for("participant.welcome", slug=found.slug, _external=True),
    )


def _safe_target(target: str) -> str:
    """Where to go after logging in: a page of the desk, never another site."""
    parts = urlsplit(target)
    elsewhere = parts.scheme or parts.netloc or "\\" in target
    # What is not printable, `urlsplit` leaves out; no header may hold it.
    if elsewhere or not parts.path.startswith("/desk/") or not target.isprintable():
        return url_for(".desk")
    return target
