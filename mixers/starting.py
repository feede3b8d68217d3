"""The console that controllers learn to set, and what it is set to before they have learnt.

Gain, high-pass, EQ, pan and a send to one room: the console with shared reverb that Colonel and
Reiss (JASA 150(1), 2021) found best.
"""

from __future__ import annotations

from mixers.controls import BusPart, StripPart
from mixers.settings import BusSettings, EqBand, Reverb, TrackSettings

STRIP: tuple[StripPart, ...] = ("gain", "high_pass", "eq", "pan", "send")
BUS: tuple[BusPart, ...] = ("reverb",)
START_EQ = (
    EqBand("low_shelf", 100.0),
    *(EqBand("peak", hz) for hz in (350.0, 1_000.0, 3_000.0)),
    EqBand("high_shelf", 8_000.0),
)
START_STRIP = TrackSettings("start", eq=(EqBand("high_pass", 30.0), *START_EQ), send_db=-20.0)
START_BUS = BusSettings(Reverb(decay_s=1.0, predelay_ms=20.0))
