"""The drummer: strokes on the pieces of a kit, with fills, ghost notes and human timing."""

from __future__ import annotations

import numpy as np

from stimuli.datasets.demo.form import Bar, Form
from stimuli.datasets.demo.notes import Note
from stimuli.datasets.demo.players import VELOCITIES, humanised
from stimuli.datasets.demo.styles import STEPS

KICK, CLOSED_HAT, OPEN_HAT, CRASH, RIDE = 36, 42, 46, 49, 51
TOMS = {"tom_1": 48, "tom_2": 45, "tom_3": 41}
RINGS_S = 4.0
"""Pieces ring as long as their recording does; only an open hi-hat is choked."""

FILLS = (
    "........ssss1133",
    "............s123",
    "........1.1.2.33",
    "....s.s.11..22.3",
    "........s1s2s3s3",
    "..........sss.33",
)
"""Last bar of a section from the first sign on: s snare, 1 to 3 a tom."""

TOM_GROOVE = ("X..3..1.3..1..3.", "3.3.1.3.3.1.2.3.")
"""Bars of the drum solo that the family of drum songs has in place of a bridge."""


def drum_part(form: Form, busy: bool, rng: np.random.Generator) -> dict[str, list[Note]]:
    """Play the drums of a song.

    Args:
        form: the plan.
        busy: more fills, and a tom groove in the bridge: drums alone must carry the song.
        rng: the drummer.

    Returns:
        Strokes by piece: kick, snare, hat, ride, crash, tom_1 to tom_3.
    """
    strokes: dict[str, list[Note]] = {
        piece: [] for piece in ("kick", "snare", "hat", "ride", "crash", *TOMS)
    }
    for index, bar in enumerate(form.bars):
        fill = bar.last or (busy and index % 2 == 1 and rng.random() < 0.5)
        pattern = FILLS[int(rng.integers(len(FILLS)))] if fill else ""
        if bar.section == "end":
            _strike(strokes, "kick", KICK, bar.start_s, 110)
            _strike(strokes, "crash", CRASH, bar.start_s, 108)
        elif busy and bar.section == "bridge":
            _play_signs(strokes, form, bar, TOM_GROOVE[index % 2], 0)
        else:
            starts = len(pattern) - len(pattern.lstrip(".")) if pattern else STEPS
            _play_groove(strokes, form, bar, starts, index > 0 and form.bars[index - 1].last)
            _play_signs(strokes, form, bar, pattern, starts)
    loose_ms = form.style.looseness_ms
    played = {piece: humanised(notes, loose_ms, rng) for piece, notes in strokes.items()}
    return played | {"hat": _choked(played["hat"])}


def _play_groove(
    strokes: dict[str, list[Note]], form: Form, bar: Bar, until: int, crash: bool
) -> None:
    groove = form.groove(bar)
    ride = bar.lively and form.style.chorus_cymbal == "ride"
    for step in range(until):
        at_s = form.place_s(bar, step)
        for sign, piece, key in (
            (groove.kick[step], "kick", KICK),
            (groove.snare[step], "snare", form.style.backbeat),
        ):
            if sign != "." and not (bar.section == "intro" and piece == "snare" and step % 4):
                _strike(strokes, piece, key, at_s, VELOCITIES[sign] + 8)
        if step == 0 and crash:
            _strike(strokes, "crash", CRASH, at_s, 104)
        elif groove.open_hat[step] != "." and not ride:
            _strike(strokes, "hat", OPEN_HAT, at_s, VELOCITIES[groove.open_hat[step]])
        elif groove.cymbal[step] != ".":
            piece, key = ("ride", RIDE) if ride else ("hat", CLOSED_HAT)
            # The beat is played a little harder than what lies between.
            accent = 10 if step % 4 == 0 else 0
            _strike(strokes, piece, key, at_s, VELOCITIES[groove.cymbal[step]] + accent)


def _play_signs(
    strokes: dict[str, list[Note]], form: Form, bar: Bar, pattern: str, first: int
) -> None:
    """A fill or tom groove; it grows towards its end."""
    for step, sign in enumerate(pattern):
        at_s, velocity = form.place_s(bar, step), 84 + 2 * (step - first)
        if sign == "s":
            _strike(strokes, "snare", 38, at_s, velocity)
        elif sign == "X":
            _strike(strokes, "kick", KICK, at_s, 110)
        elif sign != ".":
            _strike(strokes, f"tom_{sign}", TOMS[f"tom_{sign}"], at_s, velocity)


def _strike(
    strokes: dict[str, list[Note]], piece: str, key: int, at_s: float, velocity: int
) -> None:
    strokes[piece].append(Note(at_s, RINGS_S, key, min(127, velocity)))


def _choked(hats: list[Note]) -> list[Note]:
    """Every stroke on the hi-hat ends the one before."""
    ends = [note.start_s for note in hats[1:]] + [float("inf")]
    return [
        Note(note.start_s, min(note.duration_s, end - note.start_s), note.pitch, note.velocity)
        for note, end in zip(hats, ends, strict=True)
    ]
