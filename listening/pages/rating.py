"""What all rating pages share: which stimuli of which passage, and when a page is complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from listening.language import Message, Text
from listening.pages.kinds import (
    Attribute,
    Attributes,
    Behaviour,
    Config,
    Entry,
    Material,
    Model,
    Name,
    Options,
    PageState,
    PageType,
    PlannedPage,
    Rated,
    Scale,
)

MOST_STIMULI = 26
"""As many as there are letters."""


class OptionChanges(Behaviour):
    """Options of one entry that differ from the study's."""

    must_play_all: bool | None = None
    must_rate_all: bool | None = None
    min_listened_s: Annotated[float, Field(ge=0, le=600)] | None = None
    rate_only_playing: bool | None = None
    restart_on_switch: bool | None = None
    loop: bool | None = None
    waveform: bool | None = None
    comments: bool | None = None
    stimulus_comments: bool | None = None


class Feedback(Model):
    """What a participant reads about a system after a practice page.

    Attributes:
        system: the name of the system or anchor.
        text: what is said about it.
        low: the lowest score that was expected of the first attribute, from 0 to 100.
        high: the highest score that was expected of it.
    """

    system: Name
    text: Text
    low: Annotated[float, Field(ge=0, le=100)] | None = None
    high: Annotated[float, Field(ge=0, le=100)] | None = None


def without_ranges(said: list[Feedback]) -> list[Feedback]:
    """Feedback of a page type on which nobody gives a score.

    Raises:
        ValueError: one of them expects a range of scores.
    """
    if any(item.low is not None or item.high is not None for item in said):
        raise ValueError("here nobody gives a score: leave out 'low' and 'high'")
    return said


FeedbackInWords = Annotated[list[Feedback], AfterValidator(without_ranges)]


class RatingEntry(Entry):
    """Pages on which the stimuli of a passage are rated.

    Attributes:
        passages: which passages; else all, for practice the first.
        repeated: passages that come once more, for consistency.
        training: for practice: exports leave it out.
        feedback: shown after a practice page was left.
        attributes: what these pages ask; else the study's, or the page type's own.
        options: those that differ from the study's.
    """

    passages: Annotated[list[Name], Field(min_length=1)] | None = None
    repeated: list[Name] = Field(default=[])
    text: Text = ""
    training: bool = False
    feedback: list[Feedback] = Field(default=[])
    attributes: Attributes | None = None
    options: OptionChanges = OptionChanges()


Pairs = Literal["all", "reference"] | list[Annotated[list[Name], Field(min_length=2, max_length=2)]]


class PairEntry(RatingEntry):
    """Pages with two stimuli of a passage each.

    Attributes:
        pairs: all pairs, those with the hidden reference, or a list of pairs of names.
    """

    pairs: Pairs | None = None
    feedback: FeedbackInWords = Field(default=[])


def rating_config(
    entry: RatingEntry, material: Material, default: Sequence[Attribute]
) -> dict[str, Any]:
    """What a rating page is told: its entry with the attributes and options that hold for it."""
    attributes = [
        attribute
        if "labels" in attribute.model_fields_set
        else attribute.model_copy(update={"labels": default[0].labels})
        for attribute in entry.attributes or material.attributes or default
    ]
    options = material.options.model_dump() | entry.options.model_dump(exclude_none=True)
    return {
        **entry.model_dump(mode="json"),
        "attributes": [attribute.model_dump(mode="json") for attribute in attributes],
        "options": options,
    }


def passages_of(entry: RatingEntry, material: Material) -> list[str]:
    """The passages to rate, those that are repeated once more at the end."""
    chosen = entry.passages or (material.passages[:1] if entry.training else material.passages)
    return [*chosen, *entry.repeated]


def page_a_passage(
    entry: RatingEntry, material: Material, default: Sequence[Attribute]
) -> list[PlannedPage]:
    """One page for each passage, with all its stimuli."""
    config = rating_config(entry, material, default)
    return [
        PlannedPage(f"{entry.type}-{passage}", entry.type, passage, entry.training, config)
        for passage in passages_of(entry, material)
    ]


def page_a_stimulus(
    entry: RatingEntry,
    material: Material,
    default: Sequence[Attribute],
    together: Sequence[str] = (),
    leave_out: Sequence[str] = (),
) -> list[PlannedPage]:
    """One page for each stimulus of each passage.

    Args:
        together: roles that come along on every page and have none of their own.
        leave_out: roles that have no page.
    """
    config = rating_config(entry, material, default)
    pages = []
    for passage in passages_of(entry, material):
        systems = material.systems.get(passage, ())
        beside = [system for system, role in systems if role in together]
        alone = [system for system, role in systems if role not in (*together, *leave_out)]
        pages += [_part(entry, passage, config, [*beside, system]) for system in alone]
    return pages


def page_a_pair(
    entry: PairEntry,
    material: Material,
    default: Sequence[Attribute],
    pairs: Literal["all", "reference"],
) -> list[PlannedPage]:
    """One page for each pair of each passage; a hidden reference is the first of its pair.

    Args:
        pairs: where the entry does not say: all, or those with the hidden reference.
    """
    config = rating_config(entry, material, default)
    return [
        _part(entry, passage, config, list(pair))
        for passage in passages_of(entry, material)
        for pair in _pairs(entry.pairs or pairs, material.systems.get(passage, ()))
    ]


def _pairs(
    wanted: str | Sequence[Sequence[str]], systems: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    roles = dict(systems)
    names = sorted(roles, key=lambda name: roles[name] != "reference")
    every = list(combinations(names, 2))
    if wanted == "reference":
        return [pair for pair in every if roles[pair[0]] == "reference"] or every
    if isinstance(wanted, str):
        return every
    chosen = {frozenset(pair) for pair in wanted}
    return [pair for pair in every if frozenset(pair) in chosen]


def _part(
    entry: RatingEntry, passage: str, config: dict[str, Any], systems: list[str]
) -> PlannedPage:
    return PlannedPage(
        f"{entry.type}-{passage}",
        entry.type,
        passage,
        entry.training,
        {**config, "systems": systems},
    )


def rating_gaps(config: Config, state: PageState) -> list[Message]:
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
        gaps.append(Message("not_played", {"labels": _listed(unplayed)}))
    if options.must_rate_all and unrated:
        gaps.append(Message("not_rated_yet", {"labels": _listed(unrated)}))
    if short - unplayed:
        seconds = f"{options.min_listened_s:g}"
        labels = _listed(short - unplayed)
        gaps.append(Message("listen_longer", {"seconds": seconds, "labels": labels}))
    return gaps


def impossible(page_type: PageType, config: Config, state: PageState) -> list[Message]:
    """Scores that the page cannot give, which only a broken or forged script sends."""
    for key in {rating.attribute for rating in state.ratings}:
        scores = [rating.score for rating in state.ratings if rating.attribute == key]
        whole = [score for score in scores if score is not None]
        if len(whole) == len(scores) and any(
            abs(possible - score) > 0.06
            for possible, score in zip(page_type.fit(config, key, whole), whole, strict=True)
        ):
            return [Message("impossible_score")]
    return []


def comment_keys(config: Config) -> frozenset[str]:
    """The answers that hold remarks on single stimuli, by position."""
    if not config["options"].get("stimulus_comments"):
        return frozenset()
    return frozenset(f"comment_{position}" for position in range(1, MOST_STIMULI + 1))


def on_labels(config: Config, attribute: str, scores: Sequence[float]) -> list[float]:
    """The nearest scores that a label of the attribute stands for, equally spaced."""
    top = labels_of(config, attribute) - 1
    return [round(round(score * top / 100) * 100 / top, 1) for score in scores]


def one_of_two(scores: Sequence[float]) -> list[float]:
    """The higher of two gets 100 and the other 0; equal ones get 50 each."""
    first, second = scores
    if first == second:
        return [50.0, 50.0]
    return [100.0, 0.0] if first > second else [0.0, 100.0]


def as_category(config: Config, rated: Rated) -> float:
    """A stored score as the number of its label, 1 for the lowest."""
    return 1.0 + round(rated.score * (labels_of(config, rated.attribute) - 1) / 100)


def categories(config: Config, attribute: str) -> Scale:
    """From the first label of an attribute to its last, as `as_category` counts them."""
    return (1.0, float(labels_of(config, attribute)))


def labels_of(config: Config, attribute: str) -> int:
    """How many labels the scale of an attribute has."""
    return next(len(item["labels"]) for item in config["attributes"] if item["key"] == attribute)


def _listed(labels: set[str]) -> str:
    return ", ".join(sorted(labels, key=lambda label: (len(label), label)))
