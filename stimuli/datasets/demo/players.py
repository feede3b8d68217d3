"""The players of pitched instruments: what bass, guitar, keys, lead and pad make of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import product

import numpy as np

from stimuli.datasets.demo.form import Form
from stimuli.datasets.demo.notes import Note
from stimuli.datasets.demo.styles import MODES, STEPS

VELOCITIES = {"o": 52, "x": 82, "X": 104}
STRUM_S = 0.011
"""Between two strings of a strummed chord."""

BASS_RANGE = (28, 43)
MELODY_RANGE = (67, 84)
VOICINGS = {"guitar": (50, 67), "keys": (55, 74), "pad": (60, 81)}
"""Lowest and highest key of the chords, by role."""

MOTIF_RHYTHMS = (
    "x...x.x...x.....",
    "x..x..x.x.......",
    "..x.x.x.x...x...",
    "x.....x.x.x.....",
    "x...x...x.x.x...",
    "....x.x.x..x....",
)


def play_part(form: Form, role: str, rng: np.random.Generator) -> list[Note]:
    """Play a role's part of a song, with human timing and velocity.

    Raises:
        KeyError: there is no player for the role.
    """
    players: dict[str, Callable[[Form, np.random.Generator], list[Note]]] = {
        "bass": _bass,
        "guitar": lambda form, rng: _chords(form, "guitar", form.style.guitar, rng),
        "keys": lambda form, rng: _chords(form, "keys", form.style.keys, rng),
        "lead": _lead,
        "pad": _pad,
    }
    return humanised(players[role](form, rng), form.style.looseness_ms, rng)


def humanised(notes: list[Note], looseness_ms: float, rng: np.random.Generator) -> list[Note]:
    """Play notes as people do: a bit early or late, a bit softer or harder."""
    late_s = np.clip(rng.normal(0, looseness_ms / 1000, len(notes)), -0.03, 0.03)
    harder = rng.normal(0, 5, len(notes))
    return sorted(
        Note(
            max(0.0, note.start_s + float(late)),
            note.duration_s,
            note.pitch,
            int(np.clip(round(note.velocity + more), 1, 127)),
        )
        for note, late, more in zip(notes, late_s, harder, strict=True)
    )


def voicing(tones: tuple[int, ...], previous: tuple[int, ...], low: int, high: int) -> list[int]:
    """Voice a chord so that its voices move least from the chord before.

    Every tone is tried in every octave of the range; ties go to the lowest. Without a chord
    before, voices stay close to the middle.
    """
    places = [[key for key in range(low, high + 1) if key % 12 == tone] for tone in tones]
    middle = previous or (round((low + high) / 2),) * len(tones)

    def movement(keys: Iterable[int]) -> tuple[int, int]:
        voices = sorted(keys)
        spread = max(0, voices[-1] - voices[0] - 14)
        nearest = sum(min(abs(key - old) for old in middle) for key in voices)
        return (nearest + 2 * spread, sum(voices))

    return sorted(min(product(*places), key=movement))


def _hits(pattern: str) -> list[tuple[int, int, int]]:
    """Step, velocity, and steps to the next hit of the pattern."""
    steps = [step for step, sign in enumerate(pattern) if sign != "."]
    ends = [*steps[1:], STEPS]
    return [
        (step, VELOCITIES[pattern[step]], end - step) for step, end in zip(steps, ends, strict=True)
    ]


def _near(pitch_class: int, target: int, low: int, high: int) -> int:
    """The key of a pitch class in a range that lies next to a target."""
    keys = [key for key in range(low, high + 1) if key % 12 == pitch_class % 12]
    return min(keys, key=lambda key: (abs(key - target), key))


def _bass(form: Form, rng: np.random.Generator) -> list[Note]:
    """Roots where the kick falls or as the style says, leading into the next chord."""
    patterns = {
        "eighths": "X.x.x.x.x.x.x.x.",
        "walking": "X...x...x...x...",
        "offbeat": "..x...x...x...x.",
        "tumbao": "X.....x.X.....x.",
    }
    notes = []
    last = 36
    for index, bar in enumerate(form.bars):
        root = _near(bar.root, 35, *BASS_RANGE)
        if bar.section == "end":
            notes.append(Note(bar.start_s, 1.6, root, 100))
            continue
        pattern = patterns.get(form.style.bass) or form.groove(bar).kick
        following = _near(form.bars[index + 1].root, root, *BASS_RANGE)
        hits = _hits(pattern)
        for count, (step, velocity, length) in enumerate(hits):
            pitch = root
            if count and form.style.bass == "walking":
                pitch = _near(bar.tones[count % len(bar.tones)], last, *BASS_RANGE)
            elif count and form.style.bass == "tumbao" and step % 8:
                pitch = _near(bar.root + 7, root, *BASS_RANGE)
            elif count and form.style.bass in ("kick", "offbeat") and rng.random() < 0.25:
                pitch = _near(bar.tones[int(rng.integers(1, 3))], root, *BASS_RANGE)
            # A step from above or below leads into a new chord.
            if count == len(hits) - 1 and following != root and rng.random() < 0.6:
                pitch = following + int(rng.choice((-1, 1, 2)))
            held_s = length * form.step_s * (0.95 if form.style.bass == "walking" else 0.8)
            notes.append(Note(form.place_s(bar, step), held_s, pitch, min(120, velocity + 8)))
            last = pitch
    return notes


def _chords(form: Form, role: str, pattern: str, rng: np.random.Generator) -> list[Note]:
    """Chords in the style's rhythm: strummed on the guitar, struck together on the keys."""
    notes = []
    previous: tuple[int, ...] = ()
    stagger_s = STRUM_S if role == "guitar" else 0.0
    silent_intro = rng.random() < 0.5
    for bar in form.bars:
        keys = voicing(bar.tones, previous, *VOICINGS[role])
        previous = tuple(keys)
        if bar.section == "intro" and role == "guitar" and silent_intro:
            continue
        hits = [(0, 96, STEPS)] if bar.section == "end" else _hits(pattern)
        for step, velocity, length in hits:
            up = step % 4 == 2
            held_s = min(length * form.step_s * 0.9, 2.0)
            push = 6 if bar.lively else 0
            for string, key in enumerate(reversed(keys) if up else keys):
                start_s = form.place_s(bar, step) + string * stagger_s
                notes.append(Note(start_s, held_s, key, velocity + push))
    return notes


def _pad(form: Form, rng: np.random.Generator) -> list[Note]:
    """Long chords; a fuller one from the first chorus on."""
    notes = []
    previous: tuple[int, ...] = ()
    bar_s = form.step_s * STEPS
    for bar in form.bars:
        keys = voicing(bar.tones, previous, *VOICINGS["pad"])
        previous = tuple(keys)
        velocity = 92 if bar.lively else 70
        held_s = 1.8 if bar.section == "end" else bar_s * 0.98
        sounding = keys if bar.lively or bar.section == "end" else keys[:2]
        notes += [Note(bar.start_s, held_s, key, velocity) for key in sounding]
    return notes


def _lead(form: Form, rng: np.random.Generator) -> list[Note]:
    """A melody of two motifs: each is repeated with its contour bent to the chord of the bar."""
    scale = [(form.key + step) % 12 for step in MODES[form.style.mode]]
    ladder = [key for key in range(*MELODY_RANGE) if key % 12 in scale]
    motifs = [_motif(rng) for _ in range(2)]
    notes = []
    for index, bar in enumerate(form.bars):
        if bar.section == "intro":
            continue
        if bar.section == "end":
            notes.append(Note(bar.start_s, 1.6, _near(form.key, 74, *MELODY_RANGE), 96))
            continue
        rhythm, contour = motifs[1 if bar.lively else 0]
        if index % 4 == 3:
            # The fourth bar answers: a shorter phrase that comes to rest.
            rhythm = rhythm[:8] + "." * 8
        anchor = _near(bar.tones[index % 3], 76 if bar.lively else 71, *MELODY_RANGE)
        place = min(range(len(ladder)), key=lambda i: abs(ladder[i] - anchor))
        for count, (step, velocity, length) in enumerate(_hits(rhythm)):
            key = ladder[int(np.clip(place + contour[count], 0, len(ladder) - 1))]
            if step % 8 == 0:
                key = min(
                    (k for k in ladder if k % 12 in bar.tones),
                    key=lambda k: abs(k - key),
                    default=key,
                )
            held_s = min(length, 6) * form.step_s * 0.92
            notes.append(Note(form.place_s(bar, step), held_s, key, velocity + 8 * bar.lively))
    return notes


def _motif(rng: np.random.Generator) -> tuple[str, list[int]]:
    """A rhythm, and steps on the scale from its first note: mostly neighbours, one leap."""
    rhythm = MOTIF_RHYTHMS[int(rng.integers(len(MOTIF_RHYTHMS)))]
    moves = rng.choice((-2, -1, 1, 2), size=STEPS)
    moves[int(rng.integers(1, 4))] *= 2
    contour = np.concatenate([[0], np.cumsum(moves)])
    return rhythm, [int(np.clip(step, -4, 5)) for step in contour]
