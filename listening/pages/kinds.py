"""What a page type is, and the parts that the study files of all page types share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from listening.documented import describe
from listening.language import Message, Words, everywhere

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Name = Annotated[str, Field(min_length=1, max_length=200)]

MOST_ATTRIBUTES = 12
"""On one page: each is a board, an axis or a question of its own."""

QUALITY: list[str | dict[str, str]] = [everywhere(f"quality_{at}") for at in range(1, 6)]
"""Bad, poor, fair, good, excellent (BS.1534, P.800)."""


class Model(BaseModel):
    """A part of a study file: unknown keys are errors, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=describe)


class Attribute(Model):
    """What is rated, on the scale of the page type.

    Attributes:
        key: its name in the results, the column `attribute`.
        question: what participants are asked.
        labels: of the scale, from low to high.
    """

    key: Key
    question: Words
    labels: Annotated[list[Words], Field(min_length=2, max_length=11)] = QUALITY


def _with_keys_of_their_own(attributes: list[Attribute]) -> list[Attribute]:
    keys = [attribute.key for attribute in attributes]
    if doubled := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"two attributes have the key {', '.join(doubled)}")
    return attributes


Attributes = Annotated[
    list[Attribute],
    Field(min_length=1, max_length=MOST_ATTRIBUTES),
    AfterValidator(_with_keys_of_their_own),
]
"""What a page asks of each stimulus."""


class Behaviour(Model):
    """How rating pages behave.

    Attributes:
        must_play_all: a page cannot be left before every stimulus was played.
        must_rate_all: a page cannot be left before every stimulus was rated for every attribute.
        min_listened_s: a page cannot be left before each stimulus was heard for so many seconds.
        rate_only_playing: only the stimulus that plays can be rated (BS.1534).
        restart_on_switch: switching starts the passage again; else playback goes on in step.
        loop: the passage repeats, with a region to choose.
        waveform: show a waveform. It can betray a stimulus; leave it off for blind tests.
        comments: a field for remarks on every rating page.
        stimulus_comments: a field for remarks on every stimulus.
    """


class Options(Behaviour):
    """How rating pages behave."""

    must_play_all: bool = True
    must_rate_all: bool = True
    min_listened_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    rate_only_playing: bool = False
    restart_on_switch: bool = False
    loop: bool = True
    waveform: bool = False
    comments: bool = False
    stimulus_comments: bool = False


class Entry(Model):
    """An entry of `pages` in a study file.

    Attributes:
        type: the page type.
        for_group: the one of the study's groups of participants that meets it; else everybody.
        position: which page of every run it is, from 1, whatever the order of the others.
        text: above the page, as Markdown.
    """

    type: str
    for_group: Key | None = None
    position: Annotated[int, Field(ge=1, le=1000)] | None = None


@dataclass(frozen=True)
class Sound:
    """A sound that a page brings along, made by `listening.check_sounds`.

    Attributes:
        recipe: the name of its maker and what it is given.
        right: the right answer to it.
    """

    key: str
    recipe: tuple[Any, ...]
    right: str


@dataclass(frozen=True)
class PlannedPage:
    """A page that a study will have.

    Attributes:
        block: pages of one block may change places among themselves.
        config: what the page type needs to know, with `systems` where not all are shown.
        sounds: what it plays instead of stimuli of the manifest.
    """

    key: str
    kind: str
    passage: str | None = None
    training: bool = False
    config: dict[str, Any] = field(default_factory=dict)
    sounds: tuple[Sound, ...] = ()
    block: int = 0


@dataclass(frozen=True)
class Material:
    """What the pages of a study are planned from.

    Attributes:
        interface: the page type that `ratings` and `training` stand for.
        attributes: those of the study file; None where it names none.
        systems: of each passage, the names and roles of its stimuli without the open reference.
    """

    interface: PageType
    attributes: tuple[Attribute, ...] | None
    options: Options
    systems: Mapping[str, tuple[tuple[str, str], ...]]

    @property
    def passages(self) -> tuple[str, ...]:
        """The passages of the study, in its order."""
        return tuple(self.systems)


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
    """What a participant did on a page so far.

    Attributes:
        shown: the keys of the stimuli in the participant's order, without an open reference.
    """

    answers: Mapping[str, str]
    ratings: tuple[RatingState, ...] = ()
    shown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rated:
    """A score as it is stored, for `PageType.exported`.

    Attributes:
        is_x: the stimulus sounds like the open one beside it (ABX).
    """

    system: str
    role: str
    attribute: str
    score: float
    is_x: bool = False


Config = Mapping[str, Any]
Scale = tuple[float, float]
"""The lowest and the highest score."""


def as_entry(entry: Any, material: Material) -> list[PlannedPage]:
    """One page, which needs no more than its entry says."""
    return [PlannedPage(entry.type, entry.type, config=entry.model_dump(mode="json"))]


def unchanged(config: Config, attribute: str, scores: Sequence[float]) -> list[float]:
    """Every score is a possible one."""
    return list(scores)


@dataclass(frozen=True)
class PageType:
    """What the room knows of a page type.

    Attributes:
        entry: its schema in study files; its docstring is the line in the documentation.
        template: in `templates/participant`.
        script: in `static/js/pages`; None where the page works without one.
        plan: the pages that an entry stands for.
        stimuli: which stimuli of its passage it plays: none, one for orientation, or all.
        hidden_reference: the hidden reference of its passage has to be among them.
        x: a stimulus is there once more, unnamed, in place of an open reference (ABX).
        first_label: what the first stimulus is called; the others count on from there.
        rates: it rates stimuli, so it can be the interface of a study.
        labels: how many its scale has to have, where that is fixed.
        scale: lowest and highest score of an attribute that it exports.
        fit: the possible scores that are nearest to some, for all stimuli of one attribute in
            their order on the page; scores are stored as 0 to 100 whatever the scale.
        exported: a stored score on the scale.
        gaps: what is missing before a participant may leave the page.
        answer_keys: the keys that its answers may have.
        example: complete answers, as a careful participant would give them.
        verdict: passed or failed, for pages that screen; None for others.
    """

    name: str
    entry: type[Entry]
    template: str
    script: str | None = None
    plan: Callable[[Any, Material], list[PlannedPage]] = as_entry
    stimuli: Literal["none", "one", "all"] = "none"
    open_reference: bool = False
    hidden_reference: bool = False
    x: bool = False
    first_label: str = "A"
    rates: bool = False
    labels: int | None = None
    scale: Callable[[Config, str], Scale] = lambda config, attribute: (0.0, 100.0)
    fit: Callable[[Config, str, Sequence[float]], list[float]] = unchanged
    exported: Callable[[Config, Rated], float] = lambda config, rated: rated.score
    gaps: Callable[[Config, PageState], list[Message]] = lambda config, state: []
    answer_keys: Callable[[Config], frozenset[str]] = lambda config: frozenset()
    example: Callable[[Config, Sequence[str]], dict[str, str]] = lambda config, shown: {}
    verdict: Callable[[Config, PageState], str | None] = lambda config, state: None

    def label(self, position: int) -> str:
        """What the stimulus at a position of the page is called there, from 1."""
        if self.first_label.isdecimal():
            return str(int(self.first_label) + position - 1)
        return chr(ord(self.first_label) + position - 1)
