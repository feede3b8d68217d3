"""The styles that demo songs are composed in: a table, one row a style.

Patterns are bars of 16 sixteenths: `.` rests, `o` ghost, `x` normal, `X` accent. Chords are written
as (semitones above the key note, quality).
"""

from __future__ import annotations

from dataclasses import dataclass

STEPS = 16
"""Sixteenths in a bar of four quarters."""

Chord = tuple[int, str]

QUALITIES: dict[str, tuple[int, ...]] = {
    "major": (0, 4, 7),
    "minor": (0, 3, 7),
    "sus4": (0, 5, 7),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "dom7": (0, 4, 7, 10),
    "half-dim": (0, 3, 6, 10),
}
"""Semitones above the root."""

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
}

C_AM_F_G: tuple[Chord, ...] = ((0, "major"), (9, "minor"), (5, "major"), (7, "major"))
C_G_AM_F: tuple[Chord, ...] = ((0, "major"), (7, "major"), (9, "minor"), (5, "major"))
AM_F_C_G: tuple[Chord, ...] = ((0, "minor"), (8, "major"), (3, "major"), (10, "major"))
AM_DM_G_C: tuple[Chord, ...] = ((0, "minor"), (5, "minor"), (10, "major"), (3, "major"))
II_V_I_VI: tuple[Chord, ...] = ((2, "min7"), (7, "dom7"), (0, "maj7"), (9, "min7"))
I_VI_II_V: tuple[Chord, ...] = ((0, "maj7"), (9, "dom7"), (2, "min7"), (7, "dom7"))
MINOR_II_V: tuple[Chord, ...] = ((0, "min7"), (5, "min7"), (2, "half-dim"), (7, "dom7"))
ONE_CHORD: tuple[Chord, ...] = ((0, "min7"), (0, "min7"), (5, "dom7"), (0, "min7"))
VAMP: tuple[Chord, ...] = ((0, "dom7"), (5, "dom7"), (0, "dom7"), (10, "major"))
ROCK: tuple[Chord, ...] = ((0, "major"), (10, "major"), (5, "major"), (0, "major"))


@dataclass(frozen=True)
class Groove:
    """What a drummer plays for a bar.

    Attributes:
        kick, snare, cymbal: patterns; the cymbal is the one that the style names.
        open_hat: where the hi-hat is opened.
    """

    kick: str
    snare: str
    cymbal: str
    open_hat: str = "." * STEPS


@dataclass(frozen=True)
class Style:
    """How a kind of music is played.

    Attributes:
        name: for people.
        tempo_bpm: lowest and highest tempo.
        mode: name of the scale.
        swing: how much of a pair of eighths (or sixteenths) the first takes, 0.5 is straight.
        swung_steps: 2 swings eighths, 1 swings sixteenths.
        verse, chorus: chord progressions, a chord a bar; several to choose from.
        verse_groove, chorus_groove: drum patterns.
        chorus_cymbal: "ride" or "hat", what the right hand plays in the chorus.
        backbeat: key of the General MIDI kit that plays the snare pattern (38 snare, 37 rim).
        kit: program in the SoundFont's drum bank.
        bass: how the bass plays: kick, eighths, walking, offbeat or tumbao.
        guitar, keys: rhythm patterns of the chords.
        programs: General MIDI programs to choose from, by role.
        looseness_ms: standard deviation of the players' timing.
    """

    name: str
    tempo_bpm: tuple[int, int]
    mode: str
    swing: float
    swung_steps: int
    verse: tuple[tuple[Chord, ...], ...]
    chorus: tuple[tuple[Chord, ...], ...]
    verse_groove: Groove
    chorus_groove: Groove
    chorus_cymbal: str
    backbeat: int
    kit: int
    bass: str
    guitar: str
    keys: str
    programs: dict[str, tuple[int, ...]]
    looseness_ms: float


STYLES: tuple[Style, ...] = (
    Style(
        name="rock",
        tempo_bpm=(104, 138),
        mode="mixolydian",
        swing=0.5,
        swung_steps=2,
        verse=(ROCK, AM_F_C_G),
        chorus=(C_G_AM_F, AM_F_C_G),
        verse_groove=Groove("X.....x.X.x.....", "....X.......X..o", "x.o.x.o.x.o.x.o."),
        chorus_groove=Groove("X.x...x.X.x...x.", "....X..o.o..X...", "X.x.X.x.X.x.X.x."),
        chorus_cymbal="ride",
        backbeat=38,
        kit=16,
        bass="eighths",
        guitar="X.x.x.x.X.x.x.x.",
        keys="X.......x.......",
        programs={
            "bass": (34, 33),
            "guitar": (29, 30),
            "keys": (0, 16),
            "lead": (30, 65),
            "pad": (48, 16),
        },
        looseness_ms=6.0,
    ),
    Style(
        name="ballad",
        tempo_bpm=(66, 82),
        mode="major",
        swing=0.5,
        swung_steps=2,
        verse=(C_AM_F_G, C_G_AM_F),
        chorus=(C_G_AM_F, C_AM_F_G),
        verse_groove=Groove("X.........x.....", "....x.......x...", "x.o.x.o.x.o.x.o."),
        chorus_groove=Groove("X......xX.x.....", "....X.......X..o", "x.x.x.x.x.x.x.x."),
        chorus_cymbal="ride",
        backbeat=38,
        kit=0,
        bass="kick",
        guitar="x.o.x.o.x.o.x.o.",
        keys="X...x...x...x...",
        programs={
            "bass": (35, 33),
            "guitar": (25, 24),
            "keys": (0, 4),
            "lead": (73, 66),
            "pad": (48, 49, 52),
        },
        looseness_ms=8.0,
    ),
    Style(
        name="funk",
        tempo_bpm=(94, 112),
        mode="dorian",
        swing=0.55,
        swung_steps=1,
        verse=(ONE_CHORD, VAMP),
        chorus=(MINOR_II_V, ONE_CHORD),
        verse_groove=Groove(
            "X..x..x...X..x..", "....X..o.o..X..o", "x.xxx.xxx.xxx.xx", "..............x."
        ),
        chorus_groove=Groove(
            "X.xx..x...X..x..", "....X..o.oo.X...", "x.x.x.x.x.x.x.x.", "......x.......x."
        ),
        chorus_cymbal="hat",
        backbeat=38,
        kit=8,
        bass="kick",
        guitar="..xo..x..xo.x..x",
        keys="x..x......x..x..",
        programs={
            "bass": (36, 33),
            "guitar": (27, 28),
            "keys": (4, 7, 16),
            "lead": (61, 65),
            "pad": (50, 16),
        },
        looseness_ms=5.0,
    ),
    Style(
        name="jazz",
        tempo_bpm=(116, 168),
        mode="major",
        swing=0.65,
        swung_steps=2,
        verse=(II_V_I_VI, I_VI_II_V),
        chorus=(I_VI_II_V, II_V_I_VI),
        verse_groove=Groove("o.......o.......", "......o.......o.", "x...X.x.x...X.x."),
        chorus_groove=Groove("x.....o.o.......", "..o...x...o...o.", "X...X.x.X...X.x."),
        chorus_cymbal="ride",
        backbeat=38,
        kit=32,
        bass="walking",
        guitar="o...o...o...o...",
        keys="x.....x.......x.",
        programs={
            "bass": (32,),
            "guitar": (26,),
            "keys": (0, 11),
            "lead": (66, 65, 56),
            "pad": (49, 48),
        },
        looseness_ms=9.0,
    ),
    Style(
        name="bossa nova",
        tempo_bpm=(112, 140),
        mode="major",
        swing=0.5,
        swung_steps=2,
        verse=(II_V_I_VI, I_VI_II_V),
        chorus=(MINOR_II_V, II_V_I_VI),
        verse_groove=Groove("x.....ox......o.", "x..x..x...x..x..", "x.o.x.o.x.o.x.o."),
        chorus_groove=Groove("x.....ox......ox", "x..x..x...x..x..", "x.x.x.x.x.x.x.x."),
        chorus_cymbal="hat",
        backbeat=37,
        kit=0,
        bass="tumbao",
        guitar="x..x..x...x..x..",
        keys="..x...x...x.....",
        programs={
            "bass": (32, 35),
            "guitar": (24,),
            "keys": (4, 0),
            "lead": (73, 24, 66),
            "pad": (49, 52),
        },
        looseness_ms=7.0,
    ),
    Style(
        name="reggae",
        tempo_bpm=(70, 92),
        mode="minor",
        swing=0.57,
        swung_steps=2,
        verse=(AM_DM_G_C, AM_F_C_G),
        chorus=(AM_F_C_G, AM_DM_G_C),
        verse_groove=Groove("........X.......", "........X.......", "x.x.x.x.x.x.x.xo"),
        chorus_groove=Groove(
            "X.......X.......", "........X.....o.", "x.x.x.x.x.x.x.xx", "......x........."
        ),
        chorus_cymbal="hat",
        backbeat=37,
        kit=8,
        bass="offbeat",
        guitar="....X.......X...",
        keys="..x.x.x...x.x.x.",
        programs={
            "bass": (33, 35),
            "guitar": (27, 28),
            "keys": (16, 4),
            "lead": (56, 61),
            "pad": (16, 49),
        },
        looseness_ms=7.0,
    ),
    Style(
        name="house",
        tempo_bpm=(118, 128),
        mode="minor",
        swing=0.53,
        swung_steps=1,
        verse=(AM_F_C_G, ONE_CHORD),
        chorus=(AM_DM_G_C, AM_F_C_G),
        verse_groove=Groove(
            "X...X...X...X...", "....x.......x...", "o.o.o.o.o.o.o.oo", "..x...x...x...x."
        ),
        chorus_groove=Groove(
            "X...X...X...X..x", "....X.......X...", "oxoxoxoxoxoxoxox", "..X...X...X...X."
        ),
        chorus_cymbal="hat",
        backbeat=39,
        kit=24,
        bass="offbeat",
        guitar="...x..x....x..x.",
        keys="x..x..x...x..x..",
        programs={
            "bass": (38, 39),
            "guitar": (28, 27),
            "keys": (4, 5, 16),
            "lead": (81, 80),
            "pad": (50, 89, 90),
        },
        looseness_ms=2.0,
    ),
    Style(
        name="pop",
        tempo_bpm=(92, 120),
        mode="major",
        swing=0.5,
        swung_steps=2,
        verse=(C_G_AM_F, C_AM_F_G),
        chorus=(C_AM_F_G, C_G_AM_F),
        verse_groove=Groove("X.....x.X.......", "....X.......X...", "x.x.x.x.x.x.x.x."),
        chorus_groove=Groove(
            "X..x..x.X..x....", "....X.......X..o", "x.x.x.x.x.x.x.x.", "..............x."
        ),
        chorus_cymbal="hat",
        backbeat=38,
        kit=0,
        bass="kick",
        guitar="X..xx.xxX..xx.xx",
        keys="X...X...X...X...",
        programs={
            "bass": (33, 34),
            "guitar": (25, 27),
            "keys": (0, 5),
            "lead": (80, 75, 73),
            "pad": (89, 50, 48),
        },
        looseness_ms=5.0,
    ),
)
