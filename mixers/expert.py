"""The expert system: a short interpreter of the rules, and the mixer that renders what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mixers.console import render
from mixers.features import TrackFeatures, describe
from mixers.multitrack import Mix, Multitrack, Track
from mixers.rules import (
    RULES,
    SOUNDS_LIKE,
    Compress,
    Level,
    Place,
    Rule,
    Send,
    When,
)
from mixers.settings import (
    RANGES,
    BusSettings,
    Compressor,
    EqBand,
    Reverb,
    Settings,
    TrackSettings,
)

LEAD_LUFS = -20.0
"""Loudness that a leading element is brought to; leaves headroom for what is summed to it."""

# A side stands after a sign ("OH L", "piano_right") or as a capital after a small letter ("ohL").
_SIDE = re.compile(
    r"(?P<stem>.+?)(?:[ _.-]+(?P<word>(?i:l|r|left|right))|(?<=[a-z0-9])(?P<letter>[LR]))"
)

KNOWN_ROLES = frozenset(role for rule in RULES for role in rule.roles)


@dataclass(frozen=True)
class Decision:
    """One thing that was set, and why.

    Attributes:
        track: whose strip, or "bus".
        setting: what was set, with its value and unit.
        reason: why, for people.
    """

    track: str
    setting: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """Settings of a song and the decisions that led to them, in order of the strips."""

    settings: Settings
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Source:
    """What is treated as one: a track, or the two tracks of a stereo pair, left first."""

    tracks: tuple[Track, ...]
    role: str
    features: TrackFeatures


class Expert:
    """Mix by the rules of `mixers.rules`."""

    name = "expert"

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack; the seed is not used."""
        return replace(render(multitrack, plan(multitrack).settings), system=self.name)

    def explain(self, multitrack: Multitrack) -> tuple[Decision, ...]:
        """Every decision that `mix` takes for this song."""
        return plan(multitrack).decisions


def plan(multitrack: Multitrack) -> Plan:
    """Apply the rules to a song."""
    described = describe(multitrack)
    decisions: list[Decision] = []
    sources = _sources(multitrack.tracks, described, decisions)
    strips: dict[str, TrackSettings] = {}
    for source in sources:
        group = [other for other in sources if other.role == source.role]
        strips.update(_strips(source, group, decisions))
    bus = _bus(sources, decisions)
    return Plan(
        Settings(tuple(strips[track.name] for track in multitrack.tracks), bus), tuple(decisions)
    )


def stereo_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """Left and right names that differ in nothing but a final L/R or left/right."""
    sides: dict[str, dict[str, str]] = {}
    for name in names:
        found = _SIDE.fullmatch(name)
        if found:
            side = (found["word"] or found["letter"]).lower()[0]
            sides.setdefault(found["stem"].lower(), {})[side] = name
    return [(both["l"], both["r"]) for both in sides.values() if len(both) == 2]


def _sources(
    tracks: tuple[Track, ...],
    described: tuple[TrackFeatures, ...],
    decisions: list[Decision],
) -> list[Source]:
    by_name = {track.name: (track, f) for track, f in zip(tracks, described, strict=True)}
    mono = [track.name for track in tracks if len(track.samples) == 1]
    partner = dict(stereo_pairs(mono))
    rights = set(partner.values())
    sources = []
    for track, features in zip(tracks, described, strict=True):
        if track.name in rights:
            continue
        members: tuple[Track, ...] = (track,)
        if track.name in partner:
            other = partner[track.name]
            members = (track, by_name[other][0])
            features = _louder(features, by_name[other][1])
            decisions.append(Decision(track.name, f"linked with {other}", "a stereo pair is one"))
        sources.append(Source(members, _role(track, features, decisions), features))
    return sources


def _louder(a: TrackFeatures, b: TrackFeatures) -> TrackFeatures:
    return a if a.loudness_lufs >= b.loudness_lufs else b


def _role(track: Track, features: TrackFeatures, decisions: list[Decision]) -> str:
    if (track.role in KNOWN_ROLES and track.role != "unknown") or features.silent:
        return track.role
    role, _, reason = next(row for row in SOUNDS_LIKE if _holds(row[1], features))
    decisions.append(
        Decision(track.name, f"treated as {role}", f"{track.role} is no known role; it is {reason}")
    )
    return role


def _holds(conditions: tuple[When, ...], features: TrackFeatures) -> bool:
    for condition in conditions:
        value = getattr(features, condition.feature)
        if condition.above is not None and value <= condition.above:
            return False
        if condition.below is not None and value >= condition.below:
            return False
    return True


def _firing(source: Source) -> list[Rule]:
    """The rules that set something: filters all, of the other kinds the last that fires."""
    fired = [
        rule
        for rule in RULES
        if (not rule.roles or source.role in rule.roles) and _holds(rule.when, source.features)
    ]
    last = {type(rule.action): rule for rule in fired}
    return [r for r in fired if isinstance(r.action, EqBand) or last[type(r.action)] is r]


def _strips(
    source: Source, group: list[Source], decisions: list[Decision]
) -> dict[str, TrackSettings]:
    """The strips of one source, alike but for the pans of a pair."""
    names = [track.name for track in source.tracks]
    if source.features.silent:
        decisions.append(Decision(names[0], "left as it is", "the track is silent"))
        return {name: TrackSettings(name) for name in names}
    strip = TrackSettings(names[0])
    pans: tuple[float, ...] = (0.0,)
    for rule in _firing(source):
        match rule.action:
            case Level(lu=lu):
                strip, said = _level(strip, source, group, lu)
            case Place() as place:
                pans = _pans(source, group, place)
                said = "pan " + " and ".join(f"{pan:+.2f}" for pan in pans)
            case Compress() as wanted:
                strip, said = _compress(strip, source, wanted)
            case Send(db=db):
                strip, said = replace(strip, send_db=db), f"reverb send {db:g} dB"
            case EqBand() as band:
                strip, said = replace(strip, eq=(*strip.eq, band)), _band_text(band)
        decisions.append(Decision(names[0], said, rule.reason))
    return {
        name: replace(strip, track=name, pan=pan)
        for name, pan in zip(names, pans if len(pans) == len(names) else pans * 2, strict=False)
    }


def _target_lufs(source: Source, group: list[Source], lu: float) -> float:
    """Sources of one role that sound together share its level; so do the two of a pair."""
    together = len(group) if source.features.activity > 0.5 else 1
    return float(LEAD_LUFS + lu - 10 * np.log10(together * len(source.tracks)))


def _level(
    strip: TrackSettings, source: Source, group: list[Source], lu: float
) -> tuple[TrackSettings, str]:
    gain_db = _clip("gain_db", _target_lufs(source, group, lu) - source.features.loudness_lufs)
    return replace(strip, gain_db=gain_db), f"gain {gain_db:+.1f} dB"


def _pans(source: Source, group: list[Source], place: Place) -> tuple[float, ...]:
    if len(source.tracks) == 2:
        return (-place.width, place.width)
    if len(source.tracks[0].samples) == 2:
        return (0.0,)
    if len(group) == 1:
        return (place.alone,)
    at = group.index(source)
    return (float(np.linspace(-place.width, place.width, len(group))[at]),)


def _compress(strip: TrackSettings, source: Source, wanted: Compress) -> tuple[TrackSettings, str]:
    after_gain_lufs = source.features.loudness_lufs + strip.gain_db
    compressor = Compressor(
        threshold_db=_clip("threshold_db", after_gain_lufs + wanted.above_lu),
        ratio=wanted.ratio,
        attack_ms=wanted.attack_ms,
        release_ms=wanted.release_ms,
        makeup_db=wanted.makeup_db,
    )
    said = f"compressor {compressor.ratio:g}:1 above {compressor.threshold_db:.1f} dB"
    return replace(strip, compressor=compressor), said


def _bus(sources: list[Source], decisions: list[Decision]) -> BusSettings:
    heard = [source.features for source in sources if not source.features.silent]
    busy = float(np.mean([f.activity * f.onsets for f in heard])) if heard else 0.0
    decay_s = 0.9 if busy > 2.0 else 1.4 if busy > 1.0 else 2.0
    decisions.append(
        Decision("bus", f"reverb decay {decay_s:g} s", "the busier the song, the shorter the room")
    )
    return BusSettings(reverb=Reverb(decay_s=decay_s, predelay_ms=20.0), ceiling_dbtp=-1.0)


def _band_text(band: EqBand) -> str:
    if band.kind == "high_pass":
        return f"high-pass at {band.frequency_hz:g} Hz"
    return f"{band.kind.replace('_', ' ')} {band.gain_db:+g} dB at {band.frequency_hz:g} Hz"


def _clip(name: str, value: float) -> float:
    low, high = RANGES[name]
    return float(np.clip(value, low, high))
