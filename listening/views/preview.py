"""Any page of a study as the next participant would meet it, with nothing stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from flask import (
    Blueprint,
    Response,
    abort,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_login import login_required
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from listening.db import database
from listening.designs import group_of
from listening.language import LANGUAGES, Message
from listening.models import Participant, Stimulus, Study, Visit, now
from listening.pages import PAGE_TYPES
from listening.runs import (
    LockedError,
    PageBody,
    RatingBody,
    RefusedError,
    join,
    page_state,
    save_page,
)
from listening.speech import speak_as, spoken
from listening.views.api import incomplete, not_saved, tells_afterwards
from listening.views.media import sound_response
from listening.views.participant import form_body, page_context
from listening.views.researcher import study_or_404

blueprint = Blueprint("preview", __name__, url_prefix="/desk/studies/<slug>/preview")

ASKED = ("group", "language")
"""What an address may ask for: a group of participants, and a language of the study."""

LEFT_WITH = "left_with"
"""In the address of a practice page that was left: its scores, as nothing is stored."""


@blueprint.before_request
@login_required  # type: ignore[untyped-decorator]
def only_researchers() -> None:
    """Nobody else previews."""


@blueprint.get("/")
def pages(slug: str) -> str:
    """All pages in the order of the next participant."""
    with _rolled_back() as db:
        study = study_or_404(db, slug)
        passages_each = study.definition.get("passages_each")
        return render_template(
            "desk/preview.html",
            passages_each=passages_each,
            study=study,
            participant=_run(db, study),
            address=_address,
            groups=study.definition.get("groups") or (),
            languages={code: LANGUAGES[code] for code in study.definition.get("languages", ())},
        )


@blueprint.route("/<int:n>", methods=["GET", "POST"])
def page(slug: str, n: int) -> AnyResponse | str | tuple[str, int]:
    """One page; its form is checked, and leads on."""
    with _rolled_back() as db:
        participant, visit = _walk_to(db, study_or_404(db, slug), n)
        if request.method == "GET":
            if LEFT_WITH in request.args:
                _leave(db, participant, visit, request.args[LEFT_WITH])
            return _render(participant, visit)
        saved = save_page(db, participant, n, form_body(visit))
        if saved.gaps:
            return _render(participant, visit, saved.gaps), 422
    return redirect(_address(".page", slug=slug, n=n + 1), 303)


@blueprint.put("/<int:n>/state")
def save(slug: str, n: int) -> Response:
    """Check a state as the real address would, and forget it."""
    try:
        body = PageBody.model_validate_json(request.get_data())
        with _rolled_back() as db:
            participant, visit = _walk_to(db, study_or_404(db, slug), n)
            # Nothing is kept here, so there is nothing that a state could take into account.
            saved = save_page(db, participant, n, body.model_copy(update={"base": None}))
            following = _after(participant, visit)
    except (ValidationError, RefusedError, LockedError) as error:
        return not_saved(error)
    if saved.gaps:
        return incomplete(saved, spoken())
    return jsonify(
        revision=saved.revision,
        saved_at=saved.saved_at.isoformat(),
        complete=saved.complete,
        stale=False,
        next=following,
    )


@blueprint.post("/events")
def events(slug: str) -> Response:
    """Nothing is kept of what happens in a preview."""
    return Response(status=204)


@blueprint.get("/sounds/<int(max=2147483647):number>")
def sound(slug: str, number: int) -> Response:
    """The sound of one stimulus of the study."""
    with database().read() as db:
        digest = db.scalar(
            select(Stimulus.file_sha256)
            .join(Stimulus.study)
            .where(Stimulus.id == number, Study.slug == slug)
        )
    if digest is None:
        abort(404)
    return sound_response(digest)


@contextmanager
def _rolled_back() -> Iterator[Session]:
    """A transaction of which nothing stays."""
    with database().write() as db:
        try:
            yield db
        finally:
            db.rollback()


def _run(db: Session, study: Study) -> Participant:
    if group := _asked("group", study.definition.get("groups") or ()):
        while group_of(study.definition["groups"], study.seed, study.next_simulated_number)[0] != (
            group
        ):
            study.next_simulated_number += 1
    # Every page can be seen, also where each participant meets only some passages.
    study.definition = {**study.definition, "passages_each": None}
    db.flush()
    participant = join(db, study, "preview", simulated=True)
    g.language = _asked("language", study.definition.get("languages", ())) or speak_as(study)
    for visit in participant.visits:
        for shown in visit.presentations:
            # The same on every request, though each of them joins anew.
            shown.opaque_id = f"preview-{visit.n}-{shown.stimulus_id}-{shown.position}"
    db.flush()
    return participant


def _asked(what: str, offered: Sequence[str]) -> str | None:
    """What the address asks for: a group, or a language; None where it asks for nothing.

    Later addresses of the preview ask for the same.
    """
    wanted = request.args.get(what)
    if wanted is not None and wanted not in offered:
        abort(404)
    return wanted


def _address(endpoint: str, **place: Any) -> str:
    """An address of the preview for the same group and in the same language."""
    kept = {what: request.args[what] for what in ASKED if what in request.args}
    return url_for(endpoint, **{**kept, **place})


def _walk_to(db: Session, study: Study, n: int) -> tuple[Participant, Visit]:
    """A participant who has just come to page `n`."""
    participant = _run(db, study)
    if not 1 <= n <= len(participant.visits):
        abort(404)
    for visit in participant.visits[: n - 1]:
        visit.completed_at = now()
    visit = participant.visits[n - 1]
    visit.started_at = now()
    db.flush()
    return participant, visit


def _following(participant: Participant, visit: Visit) -> str | None:
    if visit.n >= len(participant.visits):
        return None
    return _address(".page", slug=participant.study.slug, n=visit.n + 1)


def _after(participant: Participant, visit: Visit) -> str | None:
    """Where to go once a page is complete: on, or to the same page where it has feedback."""
    if not tells_afterwards(visit.page):
        return _following(participant, visit)
    scores = ("" if item.score is None else f"{item.score:g}" for item in page_state(visit).ratings)
    left = {LEFT_WITH: "_".join(scores)}
    return _address(".page", slug=participant.study.slug, n=visit.n, **left)


def _leave(db: Session, participant: Participant, visit: Visit, scores: str) -> None:
    """Leave a page with the scores that the address holds, in the order of `page_state`."""
    rated = [
        (shown.opaque_id, attribute["key"])
        for shown in visit.presentations
        if shown.position > 0
        for attribute in visit.page.config.get("attributes", ())
    ]
    try:
        ratings = [
            RatingBody(stimulus=of, attribute=key, score=float(score) if score else None, plays=1)
            for (of, key), score in zip(rated, scores.split("_"), strict=True)
        ]
    except ValueError:
        abort(404)
    save_page(db, participant, visit.n, PageBody(revision=1, ratings=ratings))
    visit.completed_at = now()


def _render(participant: Participant, visit: Visit, gaps: tuple[Message, ...] = ()) -> str:
    slug, following = participant.study.slug, _following(participant, visit)
    context = page_context(participant, visit, gaps)
    addresses = {
        shown.opaque_id: url_for(".sound", slug=slug, number=shown.stimulus_id)
        for shown in visit.presentations
    }

    def played_here(sound: dict[str, Any] | None) -> dict[str, Any] | None:
        return sound and {**sound, "url": addresses[sound["id"]]}

    told = context["page_data"]
    told |= {
        "api": {
            "page": _address(".save", slug=slug, n=visit.n),
            "events": url_for(".events", slug=slug),
        },
        "next": following,
        "preload": [],
        "stimuli": [played_here(sound) for sound in told["stimuli"]],
        "reference": played_here(told["reference"]),
    }
    template = PAGE_TYPES[visit.page.kind].template
    context |= {"next": following, "preview": True, "address": _address}
    return render_template(f"participant/{template}", **context)
