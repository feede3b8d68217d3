"""Ways into a study, and what one takes home: panels, personal links, completion codes.

Ids of panels and labels of links are only kept as hashes under the secret of the instance.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from hashlib import sha256

from listening.models import Participant
from listening.runs import VERDICT

NOT_ACCEPTED = "ASSIGNMENT_ID_NOT_AVAILABLE"
"""What Mechanical Turk sends as the assignment while a worker only looks."""

_ID = re.compile(r"[A-Za-z0-9_-]{6,64}")
_LINK = re.compile(r"([0-9a-f]{24})([0-9a-f]{32})")


class NoSuchLinkError(ValueError):
    """The personal link was not made by this server for this study."""


def join_key(arguments: Mapping[str, str], slug: str, secret: str) -> str | None:
    """Under which key somebody joins who was sent here, or None for who just came.

    Args:
        arguments: of the address, as Prolific, Mechanical Turk or a personal link filled them.
        slug: of the study.
        secret: of the instance.

    Raises:
        NoSuchLinkError: a personal link that is not right.
    """
    if "link" in arguments:
        found = _LINK.fullmatch(arguments["link"])
        if not found or not hmac.compare_digest(
            found[2], _hashed(secret, "signature", slug, found[1])[:32]
        ):
            raise NoSuchLinkError(slug)
        return f"link:{found[1]}"
    for panel, argument in (("prolific", "PROLIFIC_PID"), ("mturk", "workerId")):
        # A preview sends the placeholder as it stands, which is nobody's id.
        if _ID.fullmatch(arguments.get(argument, "")):
            return key_of(panel, arguments[argument], slug, secret)
    return None


def key_of(way: str, name: str, slug: str, secret: str) -> str:
    """The key of who came by `prolific` or `mturk` with an id, or by `link` with a label."""
    if way == "link":
        return f"link:{_hashed(secret, 'link', slug, name)[:24]}"
    return f"{way}:{_hashed(secret, way, slug, name)}"


def is_look_only(arguments: Mapping[str, str]) -> bool:
    """Whether a worker of Mechanical Turk has not accepted the task yet."""
    return arguments.get("assignmentId") == NOT_ACCEPTED


def personal_link(slug: str, label: str, secret: str) -> str:
    """What stands after `?link=` for a label: unguessable, and always the same."""
    name = _hashed(secret, "link", slug, label)[:24]
    return name + _hashed(secret, "signature", slug, name)[:32]


def completion_code(participant: Participant) -> str:
    """The code to take home, by how the checks on the way came out."""
    codes = participant.study.definition["completion"]
    failed = {
        visit.page.kind
        for visit in participant.visits
        for answer in visit.answers
        if answer.key == VERDICT and answer.value == "failed"
    }
    if "trap" in failed and codes.get("failed_attention"):
        return str(codes["failed_attention"])
    if failed - {"trap"} and codes.get("screened_out"):
        return str(codes["screened_out"])
    return participant.completion_code


def _hashed(secret: str, *parts: str) -> str:
    return hmac.new(secret.encode(), "\0".join(parts).encode(), sha256).hexdigest()
