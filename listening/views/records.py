"""What the desk keeps record of: single participants, dates of deletion, who did what."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask_login import current_user, login_required
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from listening import retention
from listening.audit import MOST_SHOWN, newest_entries, note
from listening.db import database
from listening.login import owner_required
from listening.models import Participant, Study
from listening.runs import ended_early
from listening.timeline import MOST_EVENTS, event_count, find_by_label, timeline
from listening.views.researcher import study_or_404

blueprint = Blueprint("records", __name__, url_prefix="/desk")


@blueprint.get("/log")
@owner_required
def log() -> str:
    """Who did what, the newest first; with ?before= the older part."""
    given = request.args.get("before", "")
    before = int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else None
    with database().read() as db:
        found = newest_entries(db, before)
        return render_template("desk/log.html", entries=found[:MOST_SHOWN], more=found[MOST_SHOWN:],
                               before=before)  # fmt: skip


@blueprint.get("/studies/<slug>/participants/<label>")
@login_required  # type: ignore[untyped-decorator]
def participant(slug: str, label: str) -> str:
    """One participant's run, moment by moment."""
    with database().read() as db:
        study = study_or_404(db, slug)
        found = _find(db, study, label)
        return render_template(
            "desk/participant.html",
            study=study,
            person=found,
            screened_out=ended_early(found),
            moments=timeline(db, found),
            left_out=max(0, event_count(db, found) - MOST_EVENTS),
        )


@blueprint.post("/studies/<slug>/participants/<label>/delete")
@owner_required
def delete(slug: str, label: str) -> AnyResponse:
    """Delete one participant; the label was typed to be sure."""
    with database().write() as db:
        study = study_or_404(db, slug)
        found = _find(db, study, label)
        if request.form.get("label", "").strip() != found.label:
            return redirect(url_for(".participant", slug=slug, label=label), 303)
        retention.delete_participant(db, found, _instance())
        note(db, current_user.name, "deleted participant", slug, label)
    return redirect(url_for("researcher.study", slug=slug), 303)


@blueprint.post("/studies/<slug>/keep-until")
@owner_required
def keep_until(slug: str) -> AnyResponse:
    """Set the last day on which the study keeps what participants gave; empty for none."""
    given = request.form.get("date", "")
    try:
        day = date.fromisoformat(given) if given else None
        with database().write() as db:
            retention.keep_until(study_or_404(db, slug), day)
            note(db, current_user.name, "set retention", slug, f"until {day}" if day else "no date")
    except ValueError:
        abort(400)
    return redirect(url_for("researcher.study", slug=slug), 303)


@blueprint.post("/studies/<slug>/purge")
@owner_required
def purge(slug: str) -> AnyResponse:
    """Delete everybody's data of a study; its slug was typed to be sure."""
    if request.form.get("slug", "").strip() == slug:
        with database().write() as db:
            count = retention.purge(db, study_or_404(db, slug), _instance())
            note(db, current_user.name, "purged", slug, f"{count} participants")
    return redirect(url_for("researcher.study", slug=slug), 303)


def _instance() -> Path:
    return Path(current_app.config["INSTANCE_PATH"])


def _find(db: Session, study: Study, label: str) -> Participant:
    found = find_by_label(db, study, label)
    if found is None:
        abort(404)
    return found
