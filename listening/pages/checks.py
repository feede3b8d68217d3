"""Pages that screen: short sounds, each with a right answer that only the server knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import Field

from listening.language import Message, Text, everywhere
from listening.pages.kinds import (
    Config,
    Entry,
    Material,
    PageState,
    PageType,
    PlannedPage,
    Sound,
)

WOODS_PASS, HUGGINS_PASS = 5, 6
"""Of six trials (Woods et al. 2017; Milne et al. 2021)."""

Plan = Callable[[Any, Material], list[PlannedPage]]

LEVELS = ("quiet", "out_of_phase", "loud")
"""The three tones of Woods et al.: 6 dB below, L = −R, and in phase at full level."""


class Check(Entry):
    """A page that screens.

    Attributes:
        on_fail: whether who fails goes on, or comes to the last page at once.
    """

    on_fail: Literal["continue", "end"] = "continue"


class Headphones(Check):
    """Are these headphones? Six trials after Woods et al. (2017) or, with Huggins pitch, Milne.

    Attributes:
        method: how it is found out.
        seed: of the order of the trials and of the noise.
    """

    type: Literal["headphones"] = "headphones"
    method: Literal["woods", "huggins"] = "huggins"
    text: Text | None = None
    seed: int = 0


class Hearing(Check):
    """Which tones are heard? Single tones and silences; none of the silences may be heard.

    Attributes:
        frequencies_hz: of the tones.
        silences: how many there are among the tones.
        misses: so many tones may be missed.
    """

    type: Literal["hearing"] = "hearing"
    text: Text = everywhere("hearing_text")
    frequencies_hz: Annotated[
        list[Annotated[float, Field(ge=20, le=20_000)]], Field(min_length=1, max_length=12)
    ] = Field(default=[125.0, 1000.0, 8000.0, 12_000.0])
    silences: Annotated[int, Field(ge=0, le=6)] = 2
    misses: Annotated[int, Field(ge=0, le=12)] = 0


class Trap(Check):
    """An attention check: how many beeps are there? The answer needs ears, not expertise."""

    type: Literal["trap"] = "trap"
    text: Text = everywhere("trap_text")


def plan_headphones(entry: Headphones, material: Material) -> list[PlannedPage]:
    """One page with six trials."""
    makers = {"woods": _woods, "huggins": _huggins}
    text = entry.text or everywhere(f"{entry.method}_text")
    return _planned(
        entry,
        makers[entry.method](entry.seed),
        text=text,
        question=everywhere(f"{entry.method}_question"),
        choices=[[number, number] for number in "123"],
        to_pass={"woods": WOODS_PASS, "huggins": HUGGINS_PASS}[entry.method],
    )


def _woods(seed: int) -> list[Sound]:
    orders = [(a, b, c) for a in LEVELS for b in LEVELS for c in LEVELS if len({a, b, c}) == 3]
    return [
        Sound(f"woods {at}", ("woods", *order), str(order.index("quiet") + 1))
        for at, order in enumerate(orders)
    ]


def _huggins(seed: int) -> list[Sound]:
    return [
        Sound(f"huggins {at}", ("huggins", at % 3, 6 * seed + at), str(at % 3 + 1))
        for at in range(6)
    ]


def plan_hearing(entry: Hearing, material: Material) -> list[PlannedPage]:
    """One page with a trial for each tone and each silence."""
    tones = [Sound(f"tone {hz:g}", ("tone", hz), "yes") for hz in entry.frequencies_hz]
    silences = [Sound(f"silence {at}", ("silence",), "no") for at in range(entry.silences)]
    sounds = tones + silences
    return _planned(
        entry,
        sounds,
        question=everywhere("hearing_question"),
        choices=[["yes", everywhere("hearing_yes")], ["no", everywhere("hearing_no")]],
        to_pass=len(sounds) - entry.misses,
        strict=[sound.key for sound in silences],
    )


def plan_trap(entry: Trap, material: Material) -> list[PlannedPage]:
    """One page with one of four sounds."""
    sounds = [Sound(f"beeps {count}", ("beeps", count), str(count)) for count in range(2, 6)]
    return _planned(
        entry,
        sounds,
        question=everywhere("trap_question"),
        choices=[[str(count), str(count)] for count in range(1, 7)],
        to_pass=1,
    )


def _planned(entry: Entry, sounds: list[Sound], **more: Any) -> list[PlannedPage]:
    config = {
        **entry.model_dump(mode="json"),
        "right": {sound.key: sound.right for sound in sounds},
        **more,
    }
    # Two checks of one kind may differ: each brings sounds of its own, under a name of their own.
    digest = sha256(repr(sounds).encode()).hexdigest()[:8]
    name = f"check {entry.type} {digest}"
    return [PlannedPage(entry.type, entry.type, name, config=config, sounds=tuple(sounds))]


def gaps(config: Config, state: PageState) -> list[Message]:
    """Every trial answered, right or wrong."""
    possible = {choice for choice, _ in config["choices"]}
    missing = [
        str(at)
        for at in range(1, len(state.shown) + 1)
        if state.answers.get(f"trial_{at}") not in possible
    ]
    return [Message("not_answered", {"labels": ", ".join(missing)})] if missing else []


def answer_keys(config: Config) -> frozenset[str]:
    """One answer a trial, by its place on the page."""
    return frozenset(f"trial_{at}" for at in range(1, len(config["right"]) + 1))


def right_answers(config: Config, shown: Sequence[str]) -> dict[str, str]:
    """What a listener with good headphones says."""
    return {f"trial_{at}": config["right"][key] for at, key in enumerate(shown, start=1)}


def verdict(config: Config, state: PageState) -> str:
    """Passed with enough right answers, and none wrong where that is not forgiven."""
    right = right_answers(config, state.shown)
    wrong = {at for at, answer in right.items() if state.answers.get(at) != answer}
    strict = {
        f"trial_{at}"
        for at, key in enumerate(state.shown, start=1)
        if key in config.get("strict", ())
    }
    passed = len(right) - len(wrong) >= config["to_pass"] and not wrong & strict
    return "passed" if passed else "failed"


def _page_type(
    name: str, entry: type[Entry], plan: Plan, stimuli: Literal["one", "all"]
) -> PageType:
    return PageType(
        name=name,
        entry=entry,
        template="check.html",
        script="check.js",
        plan=plan,
        stimuli=stimuli,
        first_label="1",
        gaps=gaps,
        answer_keys=answer_keys,
        example=right_answers,
        verdict=verdict,
    )


PAGES = (
    _page_type("headphones", Headphones, plan_headphones, "all"),
    _page_type("hearing", Hearing, plan_hearing, "all"),
    _page_type("trap", Trap, plan_trap, "one"),
)
