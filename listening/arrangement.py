"""What one participant will meet: the pages and stimuli of a run, by the design of the study."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from listening.designs import Design, arranged, group_of, incomplete_block, shuffled
from listening.models import Page, Participant, Presentation, Stimulus, Study, Visit, now
from listening.ordering import block_order, page_order
from listening.pages import PAGE_TYPES
from listening.studies import x_key

TOKEN_BYTES = 16
AT_WORK = timedelta(hours=2)
"""So long after joining, somebody who has not finished is expected to; later, they dropped out."""


def at_work_or_finished(
    session: Session, study: Study, simulated: bool
) -> Sequence[frozenset[str]]:
    """The passages that each participant rates, of those who finished or may still finish."""
    counted = session.execute(
        select(Participant.id, Page)
        .join(Visit, Visit.participant_id == Participant.id)
        .join(Page, Page.id == Visit.page_id)
        .where(
            Participant.study_id == study.id,
            Participant.simulated.is_(simulated),
            or_(Participant.finished_at.is_not(None), Participant.joined_at > now() - AT_WORK),
        )
    )
    blocks: dict[int, set[str]] = {}
    for participant, page in counted:
        block = blocks.setdefault(participant, set())
        if _is_rated(page):
            block.add(page.passage or "")
    return [frozenset(block) for block in blocks.values()]


def visits(study: Study, number: int, others: Sequence[frozenset[str]]) -> list[Visit]:
    """The pages of a participant in order, each with its stimuli in order.

    Args:
        number: of the participant.
        others: the passages of each participant who counts for the balance.
    """
    order = study.definition["order"]
    mine = _pages_of(study, number, others)
    keys = page_order(
        [(page.key, page.block) for page in mine],
        study.seed,
        number,
        order["pages"],
        block_order(study.definition["pages"], study.seed, number, fixed=order["pages"] == "fixed"),
    )
    pages = {page.key: page for page in mine}
    return [
        Visit(
            n=n,
            page=pages[key],
            presentations=_presentations(study, pages[key], number, order["stimuli"]),
        )
        for n, key in enumerate(keys, start=1)
    ]


def _pages_of(study: Study, number: int, others: Sequence[frozenset[str]]) -> list[Page]:
    pages = list(study.pages)
    if groups := study.definition.get("groups"):
        mine = group_of(groups, study.seed, number)
        pages = [page for page in pages if page.config.get("group", mine) == mine]
    size = study.definition.get("passages_each")
    if size is None:
        return pages
    there = {page.passage or "" for page in pages if _is_rated(page)}
    chosen = incomplete_block(there, size, study.seed, number, others)
    return [page for page in pages if not _is_rated(page) or page.passage in chosen]


def _is_rated(page: Page) -> bool:
    return bool(page.passage and page.config.get("attributes") and not page.training)


def _presentations(study: Study, page: Page, number: int, design: Design) -> list[Presentation]:
    page_type = PAGE_TYPES[page.kind]
    if page_type.stimuli == "none":
        return []
    asked = page.config.get("systems")
    here = {
        stimulus.key: stimulus
        for stimulus in study.stimuli
        if stimulus.passage == page.passage
        and (asked is None or stimulus.system in asked or stimulus.role == "open_reference")
    }
    open_reference = [item for item in here.values() if item.role == "open_reference"]
    keys = [key for key, item in here.items() if item.role != "open_reference"]
    rated = arranged(keys, design, study.seed, number, f"stimuli of {page.key}")
    if page_type.stimuli == "one":
        return [_presentation((open_reference or [here[rated[0]]])[0], 1)]
    shown = [_presentation(here[key], at) for at, key in enumerate(rated, start=1)]
    if page_type.open_reference or page.config.get("reference"):
        shown.insert(0, _presentation(open_reference[0], 0))
    if page_type.x:
        # Drawn apart from the places of A and B, so that neither tells X.
        key = x_key(shuffled(rated, study.seed, number, f"X of {page.key}")[0])
        shown.insert(0, _presentation(next(s for s in study.stimuli if s.key == key), 0))
    return shown


def _presentation(stimulus: Stimulus, position: int) -> Presentation:
    return Presentation(
        stimulus_id=stimulus.id,
        position=position,
        opaque_id=secrets.token_urlsafe(TOKEN_BYTES),
    )
