"""Who did what with studies: every change, every export and every login, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from listening.models import AuditEntry

COMMAND_LINE = "command line"
"""Who acted where no researcher was logged in."""

MOST_SHOWN = 100


def note(
    session: Session, who: str, action: str, study: str | None = None, detail: str = ""
) -> None:
    """Write down an action, in the transaction of what it changes.

    Args:
        who: a researcher's name, or `COMMAND_LINE`.
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
