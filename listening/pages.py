"""The page types: what each needs from the study file, how it looks, and when it is complete.

To add a page type: its entry model and a row of `PAGE_TYPES` here, one template, one script.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Markdown = Annotated[str, Field(max_length=50_000)]


class Model(BaseModel):
    """A part of a study file: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Attribute(Model):
    """What is rated, on a scale from 0 to 100."""

    key: Key
    question: Annotated[str, Field(min_length=1, max_length=500)]
    labels: Annotated[list[Name], Field(min_length=2, max_length=11)] = [
        "Bad", "Poor", "Fair", "Good", "Excellent",
    ]  # fmt: skip


class Options(Model):
    """How rating pages behave."""

    must_play_all: bool = True
    must_rate_all: bool = True
    min_listened_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    rate_only_playing: bool = False
    restart_on_switch: bool = False
    loop: bool = True
    waveform: bool = False
    comments: bool = False


class Question(Model):
    """One question of a questionnaire."""

    key: Key
    question: Annotated[str, Field(min_length=1, max_length=500)]
    type: Literal["text", "number", "choice", "choices", "scale"] = "text"
    required: bool = True
    choices: list[Name] = []
    min: float | None = None
    max: float | None = None
    low: str = ""
    high: str = ""
    points: Annotated[int, Field(ge=2, le=11)] = 5

    @model_validator(mode="after")
    def _fits_its_type(self) -> Question:
        if self.type in ("choice", "choices") and len(self.choices) < 2:
            raise ValueError(f"a question of type {self.type} needs at least two choices")
        if self.type not in ("choice", "choices") and self.choices:
            raise ValueError(f"choices are for the types choice and choices, not {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self


class Consent(Model):
    """What the participant agrees to."""

    type: Literal["consent"] = "consent"
    text: Markdown = """
# Before we start

You will listen to music and rate what you hear. We store your ratings, your answers and how
long you listened to each sound, under a number and not under your name. You can stop at any time.
"""
    agree: Name = "I have read this and I agree to take part"


class Instructions(Model):
    """A page of text."""

    type: Literal["instructions"] = "instructions"
    text: Markdown = """
# What you will do

- Use headphones, in a quiet place.
- On each page you hear several versions of the same piece of music. Switch between them as often
  as you like, then rate each of them.
- All versions are equally loud. There are no right or wrong answers.
- Every change is saved at once. If something goes wrong, open the same address again.
"""


class Volume(Model):
    """Set the volume once, before the ratings."""

    type: Literal["volume"] = "volume"
    text: Markdown = """
# Set your volume

Press play and turn your volume to where you like to listen. Then leave it there to the end.
"""


class RatingEntry(Model):
    """Pages on which the stimuli of a passage are rated, one page a passage."""

    passages: Annotated[list[Name], Field(min_length=1)] | None = None
    text: Markdown = ""


class Ratings(RatingEntry):
    """The pages that count, with the interface of the study."""

    type: Literal["ratings"] = "ratings"


class Training(RatingEntry):
    """As the rating pages, to learn the task; exports leave its ratings out."""

    type: Literal["training"] = "training"
    text: Markdown = "This page is for practice: try everything. Its ratings do not count."


class Mushra(RatingEntry):
    """Rating pages with an open and a hidden reference, after ITU-R BS.1534."""

    type: Literal["mushra"] = "mushra"
    training: bool = False


class Ape(RatingEntry):
    """Rating pages with all stimuli as markers on one axis per attribute (De Man and Reiss)."""

    type: Literal["ape"] = "ape"
    training: bool = False


class Questionnaire(Model):
    """Questions about the participant or the task."""

    type: Literal["questionnaire"] = "questionnaire"
    text: Markdown = "# About you"
    questions: Annotated[list[Question], Field(min_length=1)] = [
        Question(key="age", question="How old are you?", type="number", required=False,
                 min=0, max=120),
        Question(key="experience", question="How much experience do you have with mixing music?",
                 type="choice",
                 choices=["None", "A hobby", "I study it", "It is my profession"]),
        Question(key="headphones", question="What did you listen with?", type="choice",
                 choices=["Headphones", "Earphones", "Loudspeakers"]),
        Question(key="remarks", question="Anything you want to tell us?", required=False),
    ]  # fmt: skip

    @model_validator(mode="after")
    def _distinct(self) -> Questionnaire:
        keys = [question.key for question in self.questions]
        doubled = sorted({key for key in keys if keys.count(key) > 1})
        if doubled:
            raise ValueError(f"two questions with the key {', '.join(doubled)}")
        return self


class Thanks(Model):
    """The end, with the completion code."""

    type: Literal["thanks"] = "thanks"
    text: Markdown = "# Thank you\n\nAll your answers are saved. You can close this page."


Entry = Consent | Instructions | Volume | Ratings | Training | Mushra | Ape | Questionnaire | Thanks
ENTRY_TYPES: tuple[str, ...] = tuple(
    str(model.model_fields["type"].default) for model in get_args(Entry)
)


def _with_type(entry: object) -> object:
    return {"type": entry} if isinstance(entry, str) else entry


PageEntry = Annotated[
    Annotated[Entry, Field(discriminator="type")],
    BeforeValidator(
        _with_type,
        json_schema_input_type=Literal[ENTRY_TYPES] | Annotated[Entry, Field(discriminator="type")],
    ),
]
"""An entry of `pages` in a study file: a mapping with a type, or the type alone."""


@dataclass(frozen=True)
class RatingState:
    """What a participant did with one stimulus for one attribute so far."""

    label: str
    attribute: str
    score: float | None
    listened_ms: int
    plays: int


@dataclass(frozen=True)
class PageState:
    """What a participant did on a page so far."""

    answers: Mapping[str, str]
    ratings: tuple[RatingState, ...] = ()


Config = Mapping[str, Any]


@dataclass(frozen=True)
class PageType:
    """What the room knows of a page type.

    Attributes:
        template: in `templates/participant`.
        script: in `static/js/pages`; None where the page works without one.
        stimuli: which stimuli of its passage it plays: none, one for orientation, or all.
        gaps: what is missing before a participant may leave the page, as sentences.
        answer_keys: the keys that its answers may have.
    """

    template: str
    script: str | None = None
    stimuli: Literal["none", "one", "all"] = "none"
    open_reference: bool = False
    gaps: Callable[[Config, PageState], list[str]] = lambda config, state: []
    answer_keys: Callable[[Config], frozenset[str]] = lambda config: frozenset()


def consent_gaps(config: Config, state: PageState) -> list[str]:
    """Consent is given, not assumed."""
    return [] if state.answers.get("agree") == "yes" else ["Please tick that you agree."]


def rating_gaps(config: Config, state: PageState) -> list[str]:
    """Every stimulus played and rated, as far as the study asks for it."""
    options = Options.model_validate(config["options"])
    gaps = []
    unplayed = {rating.label for rating in state.ratings if rating.plays < 1}
    unrated = {rating.label for rating in state.ratings if rating.score is None}
    short = {
        rating.label
        for rating in state.ratings
        if rating.listened_ms < 1000 * options.min_listened_s
    }
    if options.must_play_all and unplayed:
        gaps.append(f"Not played yet: {_listed(unplayed)}.")
    if options.must_rate_all and unrated:
        gaps.append(f"Not rated yet: {_listed(unrated)}.")
    if short - unplayed:
        gaps.append(
            f"Listen for {options.min_listened_s:g} seconds or more to {_listed(short - unplayed)}."
        )
    return gaps


def question_gaps(config: Config, state: PageState) -> list[str]:
    """Required questions answered, and every answer of its question's type."""
    questions = [Question.model_validate(question) for question in config["questions"]]
    return [
        f"{question.question} {problem}"
        for question in questions
        if (problem := _answer_problem(question, state.answers.get(question.key, "").strip()))
    ]


def _answer_problem(question: Question, answer: str) -> str:
    if not answer:
        return "Please answer." if question.required else ""
    if question.type == "choice" and answer not in question.choices:
        return "Please choose one of the answers."
    if question.type == "choices" and not set(answer.split("\n")) <= set(question.choices):
        return "Please choose among the answers."
    if question.type == "number":
        return _number_problem(answer, question.min, question.max)
    if question.type == "scale":
        return _number_problem(answer, 1, question.points)
    return ""


def _number_problem(answer: str, low: float | None, high: float | None) -> str:
    try:
        number = float(answer)
    except ValueError:
        number = float("nan")
    if not isfinite(number):
        return "Please answer with a number."
    if low is not None and number < low:
        return f"Please answer with {low:g} or more."
    if high is not None and number > high:
        return f"Please answer with {high:g} or less."
    return ""


def _listed(labels: set[str]) -> str:
    return ", ".join(sorted(labels, key=lambda label: (len(label), label)))


PAGE_TYPES: dict[str, PageType] = {
    "consent": PageType(
        "consent.html", "form.js", gaps=consent_gaps, answer_keys=lambda _: frozenset({"agree"})
    ),
    "instructions": PageType("instructions.html"),
    "volume": PageType("volume.html", "volume.js", stimuli="one"),
    "mushra": PageType(
        "mushra.html", "mushra.js", stimuli="all", open_reference=True, gaps=rating_gaps
    ),
    "ape": PageType("ape.html", "ape.js", stimuli="all", gaps=rating_gaps),
    "questionnaire": PageType(
        "questionnaire.html",
        "form.js",
        gaps=question_gaps,
        answer_keys=lambda config: frozenset(item["key"] for item in config["questions"]),
    ),
    "thanks": PageType("thanks.html"),
}
