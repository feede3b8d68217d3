"""What a console is set to: plain data with units and ranges, and its JSON form.

A `Settings` says everything that turns a multitrack into a mix, so that every mix of a system
that works through the console can be read, tweaked and rendered again. Ranges follow
`pymixconsole` where that has the parameter (Steinmetz, https://github.com/csteinmetz1/pymixconsole)
and are wider only where engineers need it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Literal, TypeVar, get_args

T = TypeVar("T")

FORMAT_VERSION = 1

EqKind = Literal["high_pass", "low_shelf", "peak", "high_shelf"]
PanLaw = Literal["constant_power", "linear", "compromise"]
"""Centre attenuation of the pan laws: 3 dB, 6 dB and 4.5 dB."""

RANGES: dict[str, tuple[float, float]] = {
    # As a microphone preamplifier: recordings arrive at any level.
    "gain_db": (-96.0, 60.0),
    "pan": (-1.0, 1.0),
    "frequency_hz": (10.0, 20_000.0),
    "eq_gain_db": (-24.0, 24.0),
    "q": (0.1, 10.0),
    "threshold_db": (-60.0, 0.0),
    "ratio": (1.0, 20.0),
    "attack_ms": (0.03, 300.0),
    "release_ms": (5.0, 3_000.0),
    "knee_db": (0.0, 24.0),
    "makeup_db": (-12.0, 24.0),
    "decay_s": (0.1, 10.0),
    "predelay_ms": (0.0, 200.0),
    "brightness": (0.0, 1.0),
    "wet_db": (-96.0, 12.0),
    "send_db": (-96.0, 12.0),
    "fader_db": (-96.0, 24.0),
    "ceiling_dbtp": (-24.0, 0.0),
}
"""Lowest and highest value of every parameter, both allowed."""


def _check(where: str, **values: float) -> None:
    for name, value in values.items():
        low, high = RANGES[name]
        if not low <= value <= high:
            raise ValueError(f"{where}: {name} is {value!r}, must be within {low:g}..{high:g}")


def _check_choice(where: str, name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{where}: {name} is {value!r}, must be one of {allowed}")


@dataclass(frozen=True)
class EqBand:
    """One filter of the equaliser, as the Audio EQ Cookbook defines it (Bristow-Johnson).

    `gain_db` must be 0 for a high-pass. For shelves, `q` 0.707 is the slope without overshoot.
    """

    kind: EqKind
    frequency_hz: float
    gain_db: float = 0.0
    q: float = 0.707

    def __post_init__(self) -> None:
        where = f"eq {self.kind}"
        _check_choice("eq band", "kind", self.kind, get_args(EqKind))
        _check(where, frequency_hz=self.frequency_hz, eq_gain_db=self.gain_db, q=self.q)
        if self.kind == "high_pass" and self.gain_db != 0.0:
            raise ValueError(f"{where}: gain_db is {self.gain_db!r}, a high-pass has none")


@dataclass(frozen=True)
class Compressor:
    """Feed-forward compressor (Giannoulis, Massberg, Reiss, JAES 60(6), 2012).

    `sidechain` names the track whose level is followed; None follows the track itself.
    """

    threshold_db: float = 0.0
    ratio: float = 1.0
    attack_ms: float = 10.0
    release_ms: float = 100.0
    knee_db: float = 6.0
    makeup_db: float = 0.0
    sidechain: str | None = None

    def __post_init__(self) -> None:
        _check(
            "compressor",
            threshold_db=self.threshold_db,
            ratio=self.ratio,
            attack_ms=self.attack_ms,
            release_ms=self.release_ms,
            knee_db=self.knee_db,
            makeup_db=self.makeup_db,
        )


@dataclass(frozen=True)
class Reverb:
    """A stereo reverb.

    Attributes:
        decay_s: time to fall by 60 dB at mid frequencies.
        predelay_ms: silence before it starts.
        brightness: 0 (dark: highs die early) to 1 (highs last as long as mids).
        wet_db: level of its output.
    """

    decay_s: float = 1.2
    predelay_ms: float = 10.0
    brightness: float = 0.5
    wet_db: float = 0.0

    def __post_init__(self) -> None:
        _check(
            "reverb",
            decay_s=self.decay_s,
            predelay_ms=self.predelay_ms,
            brightness=self.brightness,
            wet_db=self.wet_db,
        )


@dataclass(frozen=True)
class TrackSettings:
    """One channel strip, in signal order: polarity and gain, EQ, compressor, reverb, pan, send.

    Attributes:
        track: the name of the track it belongs to.
        gain_db: input gain.
        polarity: 1, or -1 for inverted.
        eq: filters, applied in this order.
        compressor: None is bypassed.
        reverb: an individual reverb, added to the dry signal; None has none.
        pan: -1 (left) .. 0 .. 1 (right); the balance, where the track is stereo.
        send_db: level sent to the reverb bus, after pan; None sends nothing.
    """

    track: str
    gain_db: float = 0.0
    polarity: Literal[1, -1] = 1
    eq: tuple[EqBand, ...] = ()
    compressor: Compressor | None = None
    reverb: Reverb | None = None
    pan: float = 0.0
    send_db: float | None = None

    def __post_init__(self) -> None:
        where = f"track {self.track!r}"
        _check(where, gain_db=self.gain_db, pan=self.pan)
        _check_choice(where, "polarity", self.polarity, (1, -1))
        if self.send_db is not None:
            _check(where, send_db=self.send_db)


@dataclass(frozen=True)
class BusSettings:
    """The stereo bus: shared reverb, fader, true-peak limiter; None leaves a part out."""

    reverb: Reverb | None = None
    fader_db: float = 0.0
    ceiling_dbtp: float | None = None

    def __post_init__(self) -> None:
        _check("bus", fader_db=self.fader_db)
        if self.ceiling_dbtp is not None:
            _check("bus", ceiling_dbtp=self.ceiling_dbtp)


@dataclass(frozen=True)
class Settings:
    """All of a console: one strip a track, and the bus."""

    tracks: tuple[TrackSettings, ...]
    bus: BusSettings = BusSettings()
    pan_law: PanLaw = "constant_power"

    def __post_init__(self) -> None:
        _check_choice("settings", "pan_law", self.pan_law, get_args(PanLaw))
        names = [strip.track for strip in self.tracks]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"settings: two strips for track {', '.join(doubled)}")
        for strip in self.tracks:
            key = strip.compressor.sidechain if strip.compressor else None
            if key is not None and key not in names:
                raise ValueError(f"track {strip.track!r}: sidechain {key!r} is no track")


def settings_to_json(settings: Settings) -> str:
    """Write settings as JSON text that people can edit."""
    return json.dumps({"blindmix_settings": FORMAT_VERSION, **asdict(settings)}, indent=2) + "\n"


def settings_from_json(text: str) -> Settings:
    """Read settings from JSON text.

    Raises:
        ValueError: not JSON, of another format version, with unknown or missing keys, or with a
            value out of range; the message names the place.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"settings are not JSON: {error}") from None
    version = data.pop("blindmix_settings", None) if isinstance(data, dict) else None
    if version != FORMAT_VERSION:
        raise ValueError(
            f"settings have format version {version!r}, this Blindmix reads {FORMAT_VERSION}"
        )
    data["tracks"] = tuple(_strip(entry) for entry in _items(data, "settings", "tracks"))
    if "bus" in data:
        data["bus"] = _bus(data["bus"])
    return _build(Settings, data, "settings")


def _strip(data: Any) -> TrackSettings:
    data = _mapping(data, "a track")
    where = f"track {data.get('track')!r}"
    data["eq"] = tuple(_part(EqBand, band, where, "eq") for band in _items(data, where, "eq", ()))
    for key, kind in (("compressor", Compressor), ("reverb", Reverb)):
        if data.get(key) is not None:
            data[key] = _part(kind, data[key], where, key)
    return _build(TrackSettings, data, where)


def _bus(data: Any) -> BusSettings:
    data = _mapping(data, "bus")
    if data.get("reverb") is not None:
        data["reverb"] = _part(Reverb, data["reverb"], "bus", "reverb")
    return _build(BusSettings, data, "bus")


def _part(kind: type[T], data: Any, where: str, name: str) -> T:
    """A part of a strip or of the bus, which does not know itself whose it is."""
    try:
        return _build(kind, data, name)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None


def _mapping(data: Any, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is {data!r}, must be an object")
    return dict(data)


def _items(data: dict[str, Any], where: str, key: str, default: Any = None) -> list[Any]:
    value = data.get(key, default)
    if not isinstance(value, list | tuple):
        raise ValueError(f"{where}: {key} is {value!r}, must be a list")
    return list(value)


def _build(kind: type[T], data: Any, where: str) -> T:
    try:
        return kind(**_mapping(data, where))
    except TypeError as error:
        reason = str(error).replace(f"{kind.__name__}.__init__() ", "")
        raise ValueError(f"{where}: {reason}") from None
