"""What ratings bear: nothing, comparisons of some systems, or of all systems at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.blocks import Blocks, participant_blocks
from analysis.choices.comparisons import are_comparisons
from analysis.plan import MODELS, Plan
from analysis.ratings import COMPARED_ROLES, Ratings

MOST_PARTICIPANTS, MOST_SYSTEMS = 20_000, 60
MOST_CELLS = 50_000_000
"""Of participants × passages × systems; 400 MB a table."""


@dataclass(frozen=True, eq=False)
class Design:
    """What the ratings bear, and so which analysis decides.

    Attributes:
        blocks: participants' means over complete pages; None where too few participants have one.
        primary: the pairwise family to judge by, as a plan names it.
        notes: why that is not what is usual, in sentences.
    """

    blocks: Blocks | None
    primary: str
    notes: tuple[str, ...]


def refuse_too_large(ratings: Ratings) -> None:
    """Refuse tables whose analysis would not end; mostly a wrong column was named.

    Raises:
        ValueError: more participants, systems or cells than are analysed.
    """
    people, passages, systems = (
        len(factor.levels) for factor in (ratings.participant, ratings.passage, ratings.system)
    )
    for count, most, name in (
        (systems, MOST_SYSTEMS, "system"),
        (people, MOST_PARTICIPANTS, "participant"),
    ):
        if count > most:
            some = ", ".join(getattr(ratings, name).levels[:3])
            raise ValueError(
                f"the ratings hold {count} {name}s ({some}, …), and up to {most} are analysed; is "
                f"the right column read as {name}?"
            )
    if people * passages * systems > MOST_CELLS:
        raise ValueError(
            f"{people} participants × {passages} passages × {systems} systems are "
            f"{people * passages * systems} cells, of which {len(ratings)} are rated; up to "
            f"{MOST_CELLS} are analysed; is the right column read as passage?"
        )


def untestable(ratings: Ratings) -> str | None:
    """Why these ratings bear no test at all, as a sentence; None where they do."""
    if not set(ratings.role.levels) & set(COMPARED_ROLES):
        return f"Only anchors were rated ({', '.join(ratings.systems)}): nothing is compared."
    compared = ratings.compared()
    people = compared.participant.levels
    if len(compared.systems) < 2:
        return f"Only {compared.systems[0]} was rated: there is nothing to compare it with."
    if len(people) < 2:
        return (
            f"Only one participant ({people[0]}) took part: how far listeners differ is not known, "
            "so nothing is tested."
        )
    if np.ptp(compared.score) == 0 and not are_comparisons(compared):
        return f"All {len(compared)} ratings are {compared.score[0]:g}: no difference to test."
    return None


def design_of(compared: Ratings, plan: Plan) -> Design:
    """Whether participants can be compared over all systems, and what decides where they cannot.

    Where fewer than half of the participants rated all systems in some passage, tests of complete
    blocks would throw most ratings away: the mixed model uses all of them, and decides, unless a
    plan declared beforehand says otherwise.
    """
    people = len(compared.participant.levels)
    try:
        blocks = participant_blocks(compared)
    except ValueError:
        whole = 0
    else:
        whole = len(blocks.values)
        if 2 * whole >= people:
            return Design(blocks, plan.primary, ())
    note = (
        f"The design is incomplete: {whole or 'fewer than 2'} of {people} participants rated all "
        f"{len(compared.systems)} systems in one passage, so tests of complete blocks (Friedman "
        "and its relatives) were not done."
    )
    if plan.declared or plan.primary in MODELS:
        said = (
            "The planned primary analysis stands, over the participants who rated both of a pair."
        )
        return Design(None, plan.primary, (note, said) if plan.primary not in MODELS else (note,))
    said = "The primary analysis is therefore the mixed model, which uses every rating."
    return Design(None, "mixed model", (note, said))
