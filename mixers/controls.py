"""What the differentiable console can be set to: its controls, and numbers in 0..1 for them.

Networks and optimisers work with normalised values; every control maps 0..1 to its unit, evenly
or (frequencies, times, ratios, q) by equal factors. Ranges lie within `mixers.settings.RANGES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Literal

from torch import Tensor

StripPart = Literal["gain", "polarity", "high_pass", "eq", "compressor", "reverb", "pan", "send"]
BusPart = Literal["reverb", "fader", "limiter"]


@dataclass(frozen=True)
class Control:
    """One parameter.

    Attributes:
        name: as in `mixers.settings`, with the part's prefix where several parts have it.
        low, high: what 0 and 1 stand for.
        even: whether equal steps are equal differences; else they are equal factors.
        neutral: the value that changes nothing, or the least.
    """

    name: str
    low: float
    high: float
    even: bool = True
    neutral: float = 0.0

    def to_unit(self, normalised: Tensor) -> Tensor:
        """From 0..1 to the unit."""
        if self.even:
            return self.low + (self.high - self.low) * normalised
        return self.low * (self.high / self.low) ** normalised

    def to_normalised(self, value: float) -> float:
        """From the unit to 0..1.

        Raises:
            ValueError: the value is out of range.
        """
        if not self.low <= value <= self.high:
            raise ValueError(
                f"{self.name} is {value!r}, the differentiable console reaches "
                f"{self.low:g}..{self.high:g}"
            )
        if self.even:
            return (value - self.low) / (self.high - self.low)
        return log(value / self.low) / log(self.high / self.low)


def _peak(number: int, neutral_hz: float) -> tuple[Control, ...]:
    return (
        Control(f"peak_{number}_frequency_hz", 30, 16_000, even=False, neutral=neutral_hz),
        Control(f"peak_{number}_gain_db", -24, 24),
        Control(f"peak_{number}_q", 0.1, 10, even=False, neutral=0.707),
    )


def _room(neutral_wet_db: float) -> tuple[Control, ...]:
    return (
        Control("reverb_decay_s", 0.1, 10, even=False, neutral=1.2),
        Control("reverb_predelay_ms", 0, 200, neutral=10),
        Control("reverb_brightness", 0, 1, neutral=0.5),
        Control("reverb_wet_db", -96, 12, neutral=neutral_wet_db),
    )


STRIP: dict[StripPart, tuple[Control, ...]] = {
    "gain": (Control("gain_db", -60, 60),),
    "polarity": (Control("polarity", -1, 1, neutral=1),),
    "high_pass": (Control("high_pass_frequency_hz", 10, 1000, even=False, neutral=10),),
    "eq": (
        Control("low_shelf_frequency_hz", 20, 1000, even=False, neutral=100),
        Control("low_shelf_gain_db", -24, 24),
        *_peak(1, 300),
        *_peak(2, 1200),
        *_peak(3, 4800),
        Control("high_shelf_frequency_hz", 1000, 20_000, even=False, neutral=8000),
        Control("high_shelf_gain_db", -24, 24),
    ),
    "compressor": (
        Control("threshold_db", -60, 0),
        Control("ratio", 1, 20, even=False, neutral=1),
        Control("attack_ms", 0.03, 300, even=False, neutral=10),
        Control("release_ms", 5, 3000, even=False, neutral=100),
        Control("knee_db", 0, 24, neutral=6),
        Control("makeup_db", -12, 24),
    ),
    "reverb": _room(-96),
    "pan": (Control("pan", -1, 1),),
    "send": (Control("send_db", -96, 12, neutral=-96),),
}
"""The parts of a strip in signal order. Filters without a q of their own have 0.707."""

BUS: dict[BusPart, tuple[Control, ...]] = {
    "reverb": _room(0),
    "fader": (Control("fader_db", -96, 24),),
    "limiter": (Control("ceiling_dbtp", -24, 0),),
}
"""The parts of the bus in signal order."""
