"""The plan of a song, before anybody plays: tempo, key, sections and a chord for every bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stimuli.datasets.demo.styles import QUALITIES, STEPS, Chord, Groove, Style

BEATS = 4
RING_OUT_S = 2.0
"""Left after the last bar for the final chord."""

SECTIONS = (("intro", 2), ("verse", 4), ("chorus", 4), ("verse", 4), ("chorus", 4), ("bridge", 2))
"""Played in this order, over and over without the intro, until the time is up; lengths in bars."""

KEY_NAMES = ("C", "D♭", "D", "E♭", "E", "F", "G♭", "G", "A♭", "A", "B♭", "B")


@dataclass(frozen=True)
class Bar:
    """One bar of the plan.

    Attributes:
        section: intro, verse, chorus, bridge or end.
        start_s: of its first beat.
        root: pitch class of its chord, 0 is C.
        tones: pitch classes of its chord.
        last: whether a new section follows.
    """

    section: str
    start_s: float
    root: int
    tones: tuple[int, ...]
    last: bool

    @property
    def lively(self) -> bool:
        """Whether the players give more here."""
        return self.section in ("chorus", "bridge")


@dataclass(frozen=True)
class Form:
    """The plan of a song.

    Attributes:
        style: how it is played.
        tempo_bpm: quarters a minute.
        key: pitch class of the key note.
        bars: in order; the last one is the ending, of one struck chord.
    """

    style: Style
    tempo_bpm: float
    key: int
    bars: tuple[Bar, ...]

    @property
    def step_s(self) -> float:
        """The length of a sixteenth, unswung."""
        return 60 / self.tempo_bpm / (STEPS // BEATS)

    def place_s(self, bar: Bar, step: int) -> float:
        """When a sixteenth of a bar is due, swing included."""
        pair = 2 * self.style.swung_steps
        whole, inside = divmod(step, pair)
        half = self.style.swung_steps
        swing = self.style.swing
        swung = (
            inside * 2 * swing
            if inside < half
            else pair * swing + (inside - half) * 2 * (1 - swing)
        )
        return bar.start_s + (whole * pair + swung) * self.step_s

    def groove(self, bar: Bar) -> Groove:
        """What the drummer plays there."""
        return self.style.chorus_groove if bar.lively else self.style.verse_groove


def plan(style: Style, duration_s: float, rng: np.random.Generator) -> Form:
    """Plan a song that fills a duration, ending included."""
    tempo_bpm = float(np.round(rng.uniform(*style.tempo_bpm), 1))
    key = int(rng.integers(12))
    bar_s = BEATS * 60 / tempo_bpm
    verse = style.verse[int(rng.integers(len(style.verse)))]
    chorus = style.chorus[int(rng.integers(len(style.chorus)))]
    count = max(1, int((duration_s - RING_OUT_S) / bar_s))
    names = _sections(count)
    bars = []
    for index, (section, place, last) in enumerate(names):
        chords = chorus if section in ("chorus", "bridge") else verse
        bars.append(_bar(section, index * bar_s, key, chords[place % len(chords)], last))
    bars.append(_bar("end", count * bar_s, key, _home(style), True))
    return Form(style, tempo_bpm, key, tuple(bars))


def key_name(form: Form) -> str:
    """The key for people, such as "E♭ dorian"."""
    return f"{KEY_NAMES[form.key]} {form.style.mode}"


def _sections(count: int) -> list[tuple[str, int, bool]]:
    """Section, place within it, and whether it is its last bar, for every bar."""
    bars: list[tuple[str, int, bool]] = []
    sections = list(SECTIONS)
    while len(bars) < count:
        for name, length in sections:
            bars += [(name, place, place == length - 1) for place in range(length)]
        sections = list(SECTIONS[1:])
    return bars[:count]


def _home(style: Style) -> Chord:
    return (0, "minor" if style.mode in ("minor", "dorian") else "major")


def _bar(section: str, start_s: float, key: int, chord: Chord, last: bool) -> Bar:
    root = (key + chord[0]) % 12
    tones = tuple((root + interval) % 12 for interval in QUALITIES[chord[1]])
    return Bar(section, start_s, root, tones, last)
