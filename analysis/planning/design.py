"""What a planned study looks like, and how its ratings will vary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analysis.codes import Integers
from analysis.mixed.structure import CROSSED, Floats
from analysis.models import MixedModel

TERMS = (*(":".join(term) for term in CROSSED), "residual")
"""What ratings vary with, as variances are named."""


@dataclass(frozen=True)
class Design:
    """Everybody rates every system in every passage.

    Attributes:
        participants, passages, systems: how many.

    Raises:
        ValueError: fewer than 2 participants, 1 passage or 2 systems.
    """

    participants: int
    passages: int
    systems: int

    def __post_init__(self) -> None:
        least = (("participants", 2), ("passages", 1), ("systems", 2))
        for name, count in least:
            if getattr(self, name) < count:
                raise ValueError(f"{getattr(self, name)} {name}: a design needs {count} or more")

    def codes(self) -> dict[str, Integers]:
        """`(ratings,)` each: who, which passage, which system."""
        index = np.indices((self.participants, self.passages, self.systems)).reshape(3, -1)
        return dict(zip(("participant", "passage", "system"), index, strict=True))


@dataclass(frozen=True)
class Spread:
    """Standard deviations of a crossed study, in points of the scale.

    Attributes:
        participant, passage: of their means; neither matters for differences of systems.
        participant_system: how far listeners' preferences differ.
        passage_system: how far it depends on the passage which system is better.
        residual: of one rating.

    Raises:
        ValueError: one is negative or not finite, or nothing varies within a cell.
    """

    participant: float
    passage: float
    participant_system: float
    passage_system: float
    residual: float

    def __post_init__(self) -> None:
        for name, value in self.by_term().items():
            if not (np.isfinite(value) and value >= 0.0):
                raise ValueError(f"standard deviation of {name}: {value!r} must be 0 or more")
        if self.residual == 0.0:
            raise ValueError("a residual standard deviation of 0 would make every rating exact")

    @classmethod
    def of(cls, sds: Mapping[str, float]) -> Spread:
        """From standard deviations by term; what is not named does not vary.

        Raises:
            ValueError: a term is unknown, or the residual is missing.
        """
        unknown = sorted(set(sds) - set(TERMS))
        if unknown:
            raise ValueError(f"nothing varies with {', '.join(unknown)}; say {', '.join(TERMS)}")
        if "residual" not in sds:
            raise ValueError("say the standard deviation of a single rating, as residual=12")
        return cls(*(sds.get(term, 0.0) for term in TERMS))

    @classmethod
    def of_model(cls, model: MixedModel) -> Spread:
        """As estimated from a pilot study; terms that it cannot tell are taken as zero."""
        return cls.of({part.term: part.sd for part in model.components})

    def by_term(self) -> dict[str, float]:
        """The standard deviations by the names of the terms."""
        values = (
            self.participant,
            self.passage,
            self.participant_system,
            self.passage_system,
            self.residual,
        )
        return dict(zip(TERMS, values, strict=True))

    def draw(self, design: Design, rng: np.random.Generator) -> Floats:
        """Ratings without any effect of the systems, `(participants, passages, systems)`."""
        p, a, s = design.participants, design.passages, design.systems
        shapes = ((p, 1, 1), (1, a, 1), (p, 1, s), (1, a, s), (p, a, s))
        score = np.zeros((p, a, s))
        for sd, shape in zip(self.by_term().values(), shapes, strict=True):
            score += rng.normal(0.0, sd, shape)
        return score
