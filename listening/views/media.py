"""The sounds, under names that say nothing."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, abort, current_app
from sqlalchemy import select

from listening.db import database
from listening.models import Presentation, Stimulus
from listening.sounds import TYPES, sound_path

blueprint = Blueprint("media", __name__)


@blueprint.get("/media/<opaque_id>")
def sound(opaque_id: str) -> Response:
    """The sound file of one presentation, whole, with headers that are the same for all.

    It is read into memory and sent as it is: no name, date, entity tag or range that could tell
    two stimuli apart, and nothing that a cache could answer faster the second time.
    """
    with database().read() as session:
        digest = session.scalar(
            select(Stimulus.file_sha256)
            .join(Presentation, Presentation.stimulus_id == Stimulus.id)
            .where(Presentation.opaque_id == opaque_id)
        )
    if digest is None:
        abort(404)
    return sound_response(digest)


def sound_response(digest: str) -> Response:
    """The sound file of that content."""
    path = sound_path(Path(current_app.config["STIMULI_PATH"]), digest)
    return Response(
        path.read_bytes(),
        content_type=TYPES[path.suffix],
        headers={"Cache-Control": "private, no-store"},
    )
