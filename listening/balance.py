"""How even a design came out: how often each system was met at each place of a page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from listening.models import Participant, Presentation, Stimulus, Study, Visit


@dataclass(frozen=True)
class Balance:
    """Counts over the completed rating pages of a study, practice left out.

    Attributes:
        counts: for each system, how often it stood first, second, … on its page.
    """

    counts: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def places(self) -> int:
        """How many places there are."""
        return max((len(row) for _, row in self.counts), default=0)

    @property
    def spread(self) -> int:
        """The largest count less the smallest one: 0 in a design that came out even."""
        every = [count for _, row in self.counts for count in row]
        return max(every) - min(every) if every else 0


def balance(session: Session, study: Study, simulated: bool) -> Balance:
    """Count the places of each system on the pages that were completed."""
    # Sounds that screen are no systems; neither is the passage on the volume page.
    rated = [page.id for page in study.pages if page.config.get("attributes") and not page.training]
    found = session.execute(
        select(Stimulus.system, Presentation.position, func.count())
        .join(Presentation.stimulus)
        .join(Presentation.visit)
        .join(Visit.participant)
        .where(
            Participant.study_id == study.id,
            Participant.simulated.is_(simulated),
            Visit.page_id.in_(rated),
            Presentation.position > 0,
            Visit.completed_at.is_not(None),
        )
        .group_by(Stimulus.system, Presentation.position)
    )
    counts: Counter[tuple[str, int]] = Counter()
    for system, position, count in found:
        counts[system, position] += count
    places = max((position for _, position in counts), default=0)
    return Balance(
        tuple(
            (system, tuple(counts[system, place] for place in range(1, places + 1)))
            for system in sorted({system for system, _ in counts})
        )
    )
