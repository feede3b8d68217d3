"""An expert's rules: from what plays and how it sounds to settings, with a reason for each.

The table gathers common practice as mixing textbooks teach it, in the manner of the
knowledge-engineered system of De Man and Reiss ("A Knowledge-Engineered Autonomous Mixing System",
AES 135, 2013): semantic rules that fire on instrument tags and low-level features. Levels are in
loudness, relative to the element that leads.
"""

from __future__ import annotations

from dataclasses import dataclass

from mixers.settings import EqBand, EqKind

LEADERS = ("vocals", "lead")
"""Roles that carry a song: what others make room for."""


@dataclass(frozen=True)
class Level:
    """Bring the source to this loudness, in LU relative to a leading element."""

    lu: float


@dataclass(frozen=True)
class Place:
    """Pan the sources of a role: one alone to `alone`, several evenly over -width..width."""

    alone: float
    width: float


@dataclass(frozen=True)
class Compress:
    """Compress what exceeds the source's own loudness by `above_lu`."""

    above_lu: float
    ratio: float
    attack_ms: float
    release_ms: float
    makeup_db: float


@dataclass(frozen=True)
class Send:
    """Send this much to the shared reverb."""

    db: float


Action = Level | Place | Compress | Send | EqBand


@dataclass(frozen=True)
class When:
    """A feature of `TrackFeatures` within bounds; None leaves a side open."""

    feature: str
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class Rule:
    """One row of the table.

    Attributes:
        roles: it fires for; an empty tuple means every role.
        action: what is set; a later row replaces an earlier one of its kind, but filters add up.
        reason: why, for people.
        when: what must hold of the features as well.
    """

    roles: tuple[str, ...]
    action: Action
    reason: str
    when: tuple[When, ...] = ()


def _low(frequency_hz: float, gain_db: float) -> EqBand:
    return EqBand("low_shelf", frequency_hz, gain_db)


def _high(frequency_hz: float, gain_db: float) -> EqBand:
    return EqBand("high_shelf", frequency_hz, gain_db)


def _peak(frequency_hz: float, gain_db: float, q: float = 1.0) -> EqBand:
    return EqBand("peak", frequency_hz, gain_db, q)


def _cut_below(frequency_hz: float) -> EqBand:
    kind: EqKind = "high_pass"
    return EqBand(kind, frequency_hz)


_RHYTHM = ("kick", "snare", "bass", "drums")
_CHORDS = ("guitar", "keys", "synth", "pad", "strings", "brass", "woodwind")

RULES: tuple[Rule, ...] = (
    # Levels: who is in front.
    Rule((), Level(-6), "an accompanying source stays behind what leads"),
    Rule(LEADERS, Level(0), "the leading element is the loudest"),
    Rule(("kick",), Level(-3), "the kick carries the beat"),
    Rule(("snare",), Level(-3), "the backbeat is as loud as the kick"),
    Rule(("drums",), Level(-1.5), "a whole kit carries kick and snare"),
    Rule(("bass",), Level(-3.5), "the bass sits just below the kick"),
    Rule(("tom",), Level(-5), "toms sound in fills only and have to be heard there"),
    Rule(("hi-hat",), Level(-11), "a hi-hat is heard at low levels already"),
    Rule(("overhead",), Level(-6), "overheads glue the kit without washing over it"),
    Rule(("room",), Level(-12), "room microphones add depth, not level"),
    Rule(("percussion",), Level(-9), "percussion decorates the beat"),
    Rule(("guitar", "keys", "synth"), Level(-6), "chords support the lead"),
    Rule(("brass", "woodwind"), Level(-5), "horns answer the lead"),
    Rule(("strings",), Level(-7), "strings fill the space behind"),
    Rule(("pad",), Level(-9), "a pad is felt more than heard"),
    Rule(("backing_vocals",), Level(-6), "backing vocals stay behind the lead"),
    Rule(("fx",), Level(-12), "effects surprise by their sound, not their level"),
    Rule(
        _CHORDS,
        Level(-8),
        "a chordal source that sounds all the time and covers others steps back",
        (When("overlap", above=0.7), When("activity", above=0.8)),
    ),
    # Places: the centre is for what is low, loud or leading.
    Rule((), Place(0.0, 0.3), "sources of one kind stand beside each other"),
    Rule(("kick", "bass"), Place(0.0, 0.0), "low sources in the centre use both speakers' power"),
    Rule(LEADERS, Place(0.0, 0.2), "the lead stands in the centre"),
    Rule(("snare",), Place(0.0, 0.1), "the backbeat stays in the centre"),
    Rule(("tom",), Place(-0.2, 0.4), "toms follow the drummer's set-up from side to side"),
    Rule(("hi-hat",), Place(0.4, 0.5), "the hi-hat stands beside the kit's centre"),
    Rule(("overhead", "room"), Place(0.0, 0.8), "a pair of microphones opens the stereo image"),
    Rule(("guitar",), Place(0.35, 0.6), "guitars leave the centre to the voice"),
    Rule(("keys", "synth"), Place(-0.35, 0.5), "keyboards leave the other side to the guitars"),
    Rule(("brass", "woodwind"), Place(0.25, 0.5), "horns stand as a section beside the centre"),
    Rule(("strings", "pad"), Place(-0.15, 0.7), "wide sources surround the others"),
    Rule(("percussion",), Place(0.5, 0.7), "percussion decorates the sides"),
    Rule(("backing_vocals",), Place(0.2, 0.6), "backing vocals flank the lead"),
    # Filters: take away before you add.
    Rule(("kick",), _low(90, 2.0), "weight around the fundamental of the drum"),
    Rule(("kick",), _peak(320, -2.5), "less of the boxy range that masks the bass"),
    Rule(
        ("kick",),
        _peak(3_500, 2.5),
        "the beater is hardly there",
        (When("centroid_hz", below=200),),
    ),
    Rule(("snare",), _cut_below(80), "rumble and spill of the kick"),
    Rule(("snare",), _peak(200, 1.5), "body of the drum"),
    Rule(("snare",), _high(6_000, 2.0), "the snares themselves"),
    Rule(("tom",), _peak(400, -3.0), "boxiness between body and stick"),
    Rule(("hi-hat",), _cut_below(250), "everything below is spill"),
    Rule(("overhead",), _low(200, -4.0), "the close microphones have the low end"),
    Rule(("room",), _low(200, -3.0), "rooms boom"),
    Rule(("bass",), _peak(250, -1.5), "less mud where the other instruments begin"),
    Rule(
        ("bass",),
        _peak(900, 2.0),
        "harmonics make a dark bass heard on small speakers",
        (When("rolloff_hz", below=250),),
    ),
    Rule((*_CHORDS, *LEADERS, "backing_vocals"), _cut_below(80), "room for kick and bass"),
    Rule(("vocals",), _peak(250, -1.5), "less chest resonance"),
    Rule(("vocals",), _peak(4_000, 1.5), "words are understood by their consonants"),
    Rule(("backing_vocals",), _peak(3_000, -2.0), "words belong to the lead"),
    Rule(
        _CHORDS,
        _peak(2_500, -2.0, 0.8),
        "makes room where the lead is understood",
        (When("overlap", above=0.5),),
    ),
    Rule(
        _CHORDS,
        _high(9_000, 2.0),
        "opens a dull source",
        (When("rolloff_hz", below=1_500), When("centroid_hz", above=300)),
    ),
    Rule((), _high(9_000, -2.0), "tames a harsh source", (When("centroid_hz", above=7_000),)),
    # Compression: where peaks stick out of the mix.
    Rule(
        ("kick", "snare", "tom"),
        Compress(8, 3, 15, 120, 2),
        "evens hits out and lets the attack through",
        (When("crest_db", above=15),),
    ),
    Rule(("bass",), Compress(2, 4, 20, 180, 2), "an even bass carries the song"),
    Rule(LEADERS, Compress(3, 3, 8, 120, 2), "every word and note of the lead stays in front"),
    Rule(("backing_vocals",), Compress(2, 4, 8, 120, 2), "backing vocals stay in their place"),
    Rule(
        ("drums", "overhead", "room"),
        Compress(8, 2, 25, 200, 1),
        "gentle compression glues the kit",
        (When("crest_db", above=18),),
    ),
    Rule(
        ("guitar", "keys", "brass", "woodwind", "unknown"),
        Compress(5, 2, 15, 150, 1),
        "a source of uneven level keeps its place",
        (When("spread_db", above=10), When("crest_db", above=14)),
    ),
    # Depth: what leads is near, what fills is far, and lows stay dry.
    Rule((), Send(-16), "a common room for everyone"),
    Rule(("kick", "bass"), Send(-36), "reverberated lows blur the beat"),
    Rule(("snare",), Send(-14), "the snare shows the size of the room"),
    Rule(("drums", "overhead"), Send(-22), "overheads hold room already"),
    Rule(("room",), Send(-36), "the room needs no room"),
    Rule(LEADERS, Send(-14), "the lead is near but not dry"),
    Rule(("backing_vocals", "strings", "pad"), Send(-10), "further away than the lead"),
)


SOUNDS_LIKE: tuple[tuple[str, tuple[When, ...], str], ...] = (
    (
        "kick",
        (When("centroid_hz", below=250), When("onsets", above=3.0), When("activity", below=0.9)),
        "low and percussive",
    ),
    ("bass", (When("centroid_hz", below=300),), "low and sustained"),
    (
        "overhead",
        (When("centroid_hz", above=4_000), When("flatness", above=0.05)),
        "bright and noisy",
    ),
    (
        "percussion",
        (When("onsets", above=3.0), When("flatness", above=0.01)),
        "percussive and noisy",
    ),
    ("drums", (When("bandwidth_hz", above=3_000), When("onsets", above=2.0)), "broad and struck"),
    ("pad", (When("onsets", below=0.8), When("spread_db", below=8.0)), "sustained and even"),
    ("keys", (), "in the middle of everything"),
)
"""What a source of unknown role is treated as: the first row whose conditions hold."""
