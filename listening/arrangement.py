"""What one participant will meet: the pages and stimuli of a run, by the design of the study."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from listening.designs import Design, arranged, group_of, incomplete_block, seed_of, shuffled
from listening.models import Page, Participant, Presentation, Stimulus, Study, Visit, now
from listening.ordering import block_order, page_order
from listening.pages import PAGE_TYPES
from listening.sounds import x_key
from listening.studies import is_rated

TOKEN_BYTES = 16
AWAY = timedelta(minutes=30)
"""Who has saved nothing for so long counts as gone, until they come back."""


def count_expected(session: Session, study: Study, simulated: bool = False) -> int:
    """How many have finished or are at work."""
    counted = session.scalar(select(func.count(Participant.id)).where(*_expected(study, simulated)))
    return counted or 0


def blocks_expected(
    session: Session, study: Study, simulated: bool
) -> Mapping[int, frozenset[str]]:
    """The passages that each of those who have finished or are at work rates, by their numbers."""
    passages = {page.id: page.passage or "" for page in study.pages if is_rated(page)}
    found = session.execute(
        select(Participant.number, Visit.page_id)
        .join(Visit, Visit.participant_id == Participant.id)
        .where(*_expected(study, simulated), Visit.page_id.in_(passages))
    )
    blocks: dict[int, set[str]] = {}
    for number, page in found:
        blocks.setdefault(number, set()).add(passages[page])
    return {number: frozenset(block) for number, block in blocks.items()}


def _expected(study: Study, simulated: bool) -> list[ColumnElement[bool]]:
    lately = now() - AWAY
    seen = Participant.visits.any(or_(Visit.started_at > lately, Visit.saved_at > lately))
    return [
        Participant.study_id == study.id,
        Participant.simulated.is_(simulated),
        or_(Participant.finished_at.is_not(None), Participant.joined_at > lately, seen),
    ]


def visits(session: Session, study: Study, number: int, simulated: bool) -> list[Visit]:
    """The pages of a participant in order, each with its stimuli in order.

    The members of a group are counted on their own: each group is as balanced as a study.
    """
    order = study.definition["order"]
    pages, seed, turn = list(study.pages), study.seed, number
    met: Counter[str] = Counter()
    if groups := study.definition.get("groups"):
        group, turn = group_of(groups, study.seed, number)
        seed = seed_of(study.seed, group)
        pages = [page for page in pages if page.config.get("group", group) == group]
    if size := study.definition.get("passages_each"):
        blocks = blocks_expected(session, study, simulated)
        others = [
            block
            for other, block in blocks.items()
            if not groups or group_of(groups, study.seed, other)[0] == group
        ]
        there = {page.passage or "" for page in pages if is_rated(page)}
        chosen = incomplete_block(there, size, seed, turn, others)
        pages = [page for page in pages if not is_rated(page) or page.passage in chosen]
        met.update(passage for block in others for passage in block)
    keys = page_order(
        [(page.key, page.block) for page in pages],
        seed,
        turn,
        order["pages"],
        block_order(study.definition["pages"], seed, turn, fixed=order["pages"] == "fixed"),
        {page.key: page.config["position"] for page in pages if page.config.get("position")},
    )
    named = {page.key: page for page in pages}
    return [
        Visit(
            n=n,
            page=named[key],
            presentations=_presentations(
                study, named[key], seed, turn, order["stimuli"], _row(study, named[key], turn, met)
            ),
        )
        for n, key in enumerate(keys, start=1)
    ]


def _row(study: Study, page: Page, turn: int, met: Mapping[str, int]) -> int:
    """Whose turn it is on a page, from 1, for designs that go from one participant to the next.

    Where everybody rates only some passages, those who meet this one take turns on it.
    """
    if study.definition.get("passages_each") and is_rated(page):
        return met.get(page.passage or "", 0) + 1
    return turn


def _presentations(
    study: Study, page: Page, seed: int, turn: int, design: Design, row: int
) -> list[Presentation]:
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
    # At random, everybody has an order of their own, also after somebody dropped out.
    number = turn if design == "random" else row
    rated = arranged(keys, design, seed, number, f"stimuli of {page.key}")
    if page_type.stimuli == "one":
        return [_presentation((open_reference or [here[rated[0]]])[0], 1)]
    shown = [_presentation(here[key], at) for at, key in enumerate(rated, start=1)]
    if page_type.open_reference or page.config.get("reference"):
        shown.insert(0, _presentation(open_reference[0], 0))
    if page_type.x:
        # Drawn apart from the places of A and B, so that neither tells X.
        key = x_key(shuffled(rated, seed, turn, f"X of {page.key}")[0])
        shown.insert(0, _presentation(next(s for s in study.stimuli if s.key == key), 0))
    return shown


def _presentation(stimulus: Stimulus, position: int) -> Presentation:
    return Presentation(
        stimulus_id=stimulus.id,
        position=position,
        opaque_id=secrets.token_urlsafe(TOKEN_BYTES),
    )
