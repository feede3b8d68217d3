"""Between settings and the named values of the differentiable console's controls."""

from __future__ import annotations

from collections.abc import Mapping

from mixers.controls import BUS, STRIP
from mixers.settings import BusSettings, Compressor, EqBand, EqKind, Reverb, TrackSettings

EQ: tuple[tuple[str, EqKind], ...] = (
    ("low_shelf", "low_shelf"),
    ("peak_1", "peak"),
    ("peak_2", "peak"),
    ("peak_3", "peak"),
    ("high_shelf", "high_shelf"),
)
"""The bands of the part `eq` in signal order, after the high-pass."""

BUTTERWORTH_Q = 0.707
"""Of the filters that have no q among the controls."""

DOING_NOTHING = {"gain_db": 0.0, "polarity": 1.0, "pan": 0.0, "fader_db": 0.0}
"""Values that a console without the part has anyway."""

REVERB = tuple(control.name for control in BUS["reverb"])
COMPRESSOR = tuple(control.name for control in STRIP["compressor"])


def strip_settings(
    name: str, values: Mapping[str, float], sidechain: str | None = None
) -> TrackSettings:
    """A strip of the parts whose values are there; its compressor follows the side chain."""
    return TrackSettings(
        name,
        gain_db=values.get("gain_db", 0.0),
        polarity=-1 if values.get("polarity", 1.0) < 0 else 1,
        eq=_bands(values),
        compressor=_compressor(values, sidechain),
        reverb=reverb_settings(values),
        pan=values.get("pan", 0.0),
        send_db=values.get("send_db"),
    )


def strip_values(strip: TrackSettings) -> dict[str, float]:
    """What a strip says in numbers, by control; what it leaves out is not there.

    Raises:
        ValueError: it has filters beyond the console's, or a shelf or high-pass of another q.
    """
    values: dict[str, float] = {"gain_db": strip.gain_db, "pan": strip.pan}
    values["polarity"] = float(strip.polarity)
    if strip.send_db is not None:
        values["send_db"] = strip.send_db
    if strip.compressor is not None:
        values |= {name: getattr(strip.compressor, name) for name in COMPRESSOR}
    return values | _band_values(strip) | reverb_values(strip.reverb)


def reverb_settings(values: Mapping[str, float]) -> Reverb | None:
    """The reverb, where its values are there."""
    if REVERB[0] not in values:
        return None
    decay_s, predelay_ms, brightness, wet_db = (values[key] for key in REVERB)
    return Reverb(decay_s, predelay_ms, brightness, wet_db)


def reverb_values(reverb: Reverb | None) -> dict[str, float]:
    """What a reverb says, by control."""
    if reverb is None:
        return {}
    numbers = (reverb.decay_s, reverb.predelay_ms, reverb.brightness, reverb.wet_db)
    return dict(zip(REVERB, numbers, strict=True))


def _compressor(values: Mapping[str, float], sidechain: str | None) -> Compressor | None:
    if COMPRESSOR[0] not in values:
        return None
    threshold_db, ratio, attack_ms, release_ms, knee_db, makeup_db = (
        values[key] for key in COMPRESSOR
    )
    return Compressor(threshold_db, ratio, attack_ms, release_ms, knee_db, makeup_db, sidechain)


def bus_settings(values: Mapping[str, float]) -> BusSettings:
    """A bus of the parts whose values are there."""
    return BusSettings(
        reverb_settings(values), values.get("fader_db", 0.0), values.get("ceiling_dbtp")
    )


def bus_values(bus: BusSettings) -> dict[str, float]:
    """What a bus says, by control; what it leaves out is not there."""
    values = {"fader_db": bus.fader_db} | reverb_values(bus.reverb)
    if bus.ceiling_dbtp is not None:
        values["ceiling_dbtp"] = bus.ceiling_dbtp
    return values


def _bands(values: Mapping[str, float]) -> tuple[EqBand, ...]:
    bands: tuple[tuple[str, EqKind], ...] = (("high_pass", "high_pass"), *EQ)
    return tuple(
        EqBand(
            kind,
            values[f"{name}_frequency_hz"],
            values.get(f"{name}_gain_db", 0.0),
            values.get(f"{name}_q", BUTTERWORTH_Q),
        )
        for name, kind in bands
        if f"{name}_frequency_hz" in values
    )


def _band_values(strip: TrackSettings) -> dict[str, float]:
    free: dict[EqKind, list[str]] = {"high_pass": ["high_pass"]}
    for name, kind in EQ:
        free.setdefault(kind, []).append(name)
    values = {}
    for band in strip.eq:
        where = f"track {strip.track!r}"
        if not free[band.kind]:
            raise ValueError(f"{where}: more {band.kind} filters than the console has")
        name = free[band.kind].pop(0)
        if band.kind == "peak":
            values[f"{name}_q"] = band.q
        elif band.q != BUTTERWORTH_Q:
            raise ValueError(f"{where}: q of {band.kind} is {band.q!r}, the console's is 0.707")
        values[f"{name}_frequency_hz"] = band.frequency_hz
        if band.kind != "high_pass":
            values[f"{name}_gain_db"] = band.gain_db
    return values
