"""Who did what with studies: every change, every export and every login, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from listening.models import AuditEntry

COMMAND_LINE = "command line"
"""Who acted where no researcher was logged in."""

PARTICIPANT = "participant"
"""Who acted on their own run."""

_TOKEN = "token"

MOST_SHOWN = 100


def by_token(name: str) -> str:
    """Who acted where a program did, by its token."""
    return f"{_TOKEN} {name}"


def is_taken(name: str) -> bool:
    """Whether a researcher of that name would be taken for somebody else in the log."""
    words = name.casefold().split()
    return " ".join(words) in (PARTICIPANT, COMMAND_LINE) or words[:1] == [_TOKEN]


def note(
    session: Session, who: str, action: str, study: str | None = None, detail: str = ""
) -> None:
    """Write down an action, in the transaction of what it changes.

    Args:
        who: a researcher's name, `PARTICIPANT`, `COMMAND_LINE`, or a program (`by_token`).
        action: what they did, in the past tense.
        study: its slug, where it is about one.
        detail: of what, to what; names participants by their pseudonyms only.
    """
    session.add(AuditEntry(who=who, action=action, study=study, detail=detail))


def newest_entries(session: Session, before: int | None = None) -> Sequence[AuditEntry]:
    """The last actions, the newest first: one more than are shown, to tell whether there are more.

    Args:
        before: the id of the entry that those wanted are older than.
    """
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(MOST_SHOWN + 1)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    return session.scalars(query).all()
