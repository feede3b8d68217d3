"""Simulated participants, so that a study can be seen whole before anyone came.

The model of a score: the quality of the system, plus how this passage suits this system, plus the
participant's own leaning and noise, all on the scale 0 to 100:

    score = 50 + use_p (quality_s + fit_sk + taste_ps + noise) + bias_p

with use_p ~ U(0.7, 1.2) how much of the scale a participant uses, bias_p ~ N(0, 6),
fit_sk ~ N(0, 6), taste_ps ~ N(0, 5), noise ~ N(0, 8), and quality_s from `QUALITY` or, for a
system that is not there, N(0, 12) drawn once from the study's seed. On pages with an open
reference a participant takes the hidden reference for what it is in 9 of 10 cases (92 to 100).
Everything follows from the study, the seed and the participant's number.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import ceil, floor
from random import Random

from sqlalchemy.orm import Session

from listening.language import main_text
from listening.models import Presentation, Study, Visit, now
from listening.pages import PAGE_TYPES
from listening.pages.questionnaire import CHOOSING, Question, asked
from listening.patterns import fits
from listening.runs import PageBody, RatingBody, join, save_page, start

QUALITY = {
    "target": 22.0,
    "reference": 25.0,
    "mono": -18.0,
    "random": -24.0,
    "anchor_3500": -38.0,
    "anchor_7000": -18.0,
}
"""How far above or below the middle of the scale a system is, in points."""

RECOGNISES_REFERENCE = 0.9

USUAL_TEXTS = ("simulated", "simulated@example.org", "2026-01-31", "31.01.2026", "12:30")
"""Tried first where a text has to fit a pattern."""


def simulate(
    session: Session, study: Study, participants: int | Iterable[int], seed: int = 0
) -> int:
    """Let simulated participants run through a study by the same code that real ones use.

    Args:
        participants: how many, or which ones, counted from 1.

    Returns:
        How many were added: a participant who is there already is not added again.

    Raises:
        ValueError: a page asks for what no simulated participant can answer.
    """
    added = 0
    if isinstance(participants, int):
        participants = range(1, participants + 1)
    for index in participants:
        participant = join(session, study, f"simulated:{seed}:{index}", simulated=True)
        if participant.finished_at is None:
            listener = Listener(study, seed, index)
            for visit in participant.visits[:-1]:
                start(session, visit)
                saved = save_page(session, participant, visit.n, listener.fill(visit))
                if saved.gaps:
                    raise ValueError(
                        f"simulated participants cannot leave page {visit.page.key}: "
                        f"{' '.join(map(str, saved.gaps))} "
                        "A question that is not required (required: false) is passed over."
                    )
            start(session, participant.visits[-1])
            added += 1
    return added


class Listener:
    """One simulated participant."""

    def __init__(self, study: Study, seed: int, index: int) -> None:
        self._where = f"{study.seed}/{seed}"
        self._rng = Random(f"{self._where}/listener {index}")
        self._use = self._rng.uniform(0.7, 1.2)
        self._bias = self._rng.gauss(0, 6)
        self._taste: dict[str, float] = {}

    def fill(self, visit: Visit) -> PageBody:
        """A complete state of a page."""
        return PageBody(
            revision=1,
            ratings=[
                rating
                for attribute in visit.page.config.get("attributes", ())
                for rating in self._ratings(visit, attribute["key"])
            ],
            answers=self._answers(visit),
            complete=True,
        )

    def _ratings(self, visit: Visit, attribute: str) -> list[RatingBody]:
        """All stimuli of the page, on the scale of its page type."""
        page_type, config = PAGE_TYPES[visit.page.kind], visit.page.config
        beside = any(shown.position == 0 for shown in visit.presentations) and not page_type.x
        rated = [shown for shown in visit.presentations if shown.position > 0]
        scores = page_type.fit(
            config, attribute, [self._score(shown, attribute, beside) for shown in rated]
        )
        if config.get("one_is_reference"):
            scores = [100.0 if score == max(scores) else score for score in scores]
        return [
            self._rate(visit, shown, attribute, score)
            for shown, score in zip(rated, scores, strict=True)
        ]

    def _rate(self, visit: Visit, shown: Presentation, attribute: str, score: float) -> RatingBody:
        least_ms = 1000 * visit.page.config["options"]["min_listened_s"]
        return RatingBody(
            stimulus=shown.opaque_id,
            attribute=attribute,
            score=score,
            rated_at=now() + timedelta(milliseconds=self._rng.randrange(1000)),
            listened_ms=int(least_ms) + self._rng.randrange(3_000, 20_000),
            plays=self._rng.randrange(1, 6),
        )

    def _score(self, shown: Presentation, attribute: str, open_reference: bool) -> float:
        stimulus, rng = shown.stimulus, self._rng
        if open_reference and stimulus.role == "reference" and rng.random() < RECOGNISES_REFERENCE:
            return round(rng.uniform(92, 100), 1)
        system, passage = stimulus.system, stimulus.passage
        common = Random(f"{self._where}/{system}")
        quality = QUALITY.get(system.lower(), common.gauss(0, 12))
        fit = Random(f"{self._where}/{system}/{passage}/{attribute}").gauss(0, 6)
        taste = self._taste.setdefault(system, rng.gauss(0, 5))
        spread = self._use * (quality + fit + taste + rng.gauss(0, 8))
        return round(min(100.0, max(0.0, 50 + self._bias + spread)), 1)

    def _answers(self, visit: Visit) -> dict[str, str]:
        config = visit.page.config
        shown = [item.stimulus.system for item in visit.presentations]
        questions = [Question.model_validate(item) for item in config.get("questions", ())]
        answers = {question.key: self._answer(question) for question in questions}
        return PAGE_TYPES[visit.page.kind].example(config, shown) | {
            question.key: answers[question.key] for question in asked(questions, answers)
        }

    def _answer(self, question: Question) -> str:
        if question.type in CHOOSING:
            return main_text(self._rng.choice(question.choices))
        if question.type == "scale":
            return str(self._rng.randint(1, question.points))
        if question.type == "number":
            return self._number(question.min, question.max)
        return _text(question.pattern) if question.pattern else "simulated"

    def _number(self, least: float | None, most: float | None) -> str:
        """A whole number within limits; their middle where there is none."""
        low = least if least is not None else min(0.0, most or 0.0)
        high = most if most is not None else low + 99
        if ceil(low) > floor(high):
            return str((low + high) / 2)
        return str(self._rng.randint(ceil(low), floor(high)))


def _text(pattern: str) -> str:
    """A usual text that fits a pattern, or the shortest of one character; empty if none does."""
    repeated = (character * length for length in range(1, 25) for character in "0aA")
    return next((text for text in (*USUAL_TEXTS, *repeated) if fits(pattern, text)), "")
