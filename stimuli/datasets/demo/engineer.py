"""The engineer who mixes demo songs: what a careful person does, with a taste of their own.

The policy, from practical mixing textbooks as De Man and Reiss collected them (AES 135, 2013):

- **Level.** Every role has a loudness in the mix, whatever level it was recorded at; lead, snare
  and kick stand in front, pads behind. An engineer's taste moves each track by about 1.5 LU.
- **Pan.** What carries the song stays in the centre: kick, snare, bass, lead. Overheads are spread,
  toms follow the kit, guitar and keys answer each other from both sides.
- **EQ.** High-pass below what the instrument plays; boxiness cut, presence lifted.
- **Compression.** Where peaks stand out: kick, snare, bass, lead, drums. Ratios of 2 to 5.
- **Reverb.** One room for all: dry low end, wet lead and snare, pads far away.

Taste is drawn once a song: width, brightness, wetness, and how hard compressors work.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mixers.loudness import integrated_loudness, true_peak
from mixers.multitrack import Multitrack, Samples, Track
from mixers.settings import (
    RANGES,
    BusSettings,
    Compressor,
    EqBand,
    Reverb,
    Settings,
    TrackSettings,
)

MIX_LUFS = -18.0
CEILING_DBTP = -1.0
BALANCE_SD_LU = 1.5


@dataclass(frozen=True)
class Habit:
    """What the engineer does with a role.

    Attributes:
        level_lufs: loudness that the track is brought to before the bus.
        pan: where it goes, at full width; mirrored songs use the other side.
        eq: filters.
        over_db: compressor threshold above the track's loudness; None leaves it uncompressed.
        ratio, attack_ms, release_ms: of the compressor.
        send_db: to the room; None sends nothing.
    """

    level_lufs: float
    pan: float
    eq: tuple[EqBand, ...]
    over_db: float | None
    ratio: float
    attack_ms: float
    release_ms: float
    send_db: float | None


def _cut(frequency_hz: float) -> EqBand:
    return EqBand("high_pass", frequency_hz)


def _peak(frequency_hz: float, gain_db: float, q: float = 1.0) -> EqBand:
    return EqBand("peak", frequency_hz, gain_db, q)


HABITS: dict[str, Habit] = {
    "kick": Habit(
        -21.0, 0.0, (_cut(30), EqBand("low_shelf", 90, 2.5), _peak(350, -3.5), _peak(3500, 3)),
        5.0, 4.0, 15.0, 120.0, None,
    ),
    "snare": Habit(
        -21.0, 0.0, (_cut(90), _peak(200, 2), _peak(800, -2), EqBand("high_shelf", 6000, 2.5)),
        5.0, 3.5, 8.0, 150.0, -12.0,
    ),
    "hi-hat": Habit(
        -32.0, -0.45, (_cut(300), EqBand("high_shelf", 8000, 2)), None, 1.0, 10.0, 100.0, -24.0
    ),
    "tom_1": Habit(
        -26.0, -0.35, (_cut(70), _peak(450, -3), _peak(4000, 2)), 5.0, 3.0, 12.0, 180.0, -12.0
    ),
    "tom_2": Habit(
        -26.0, 0.2, (_cut(60), _peak(400, -3), _peak(4000, 2)), 5.0, 3.0, 12.0, 180.0, -12.0
    ),
    "tom_3": Habit(
        -25.5, 0.55, (_cut(45), _peak(350, -3), _peak(3500, 2)), 5.0, 3.0, 12.0, 180.0, -12.0
    ),
    "overhead_L": Habit(
        -25.0, -0.85, (_cut(120), EqBand("high_shelf", 9000, 1.5)), 6.0, 2.0, 20.0, 200.0, -18.0
    ),
    "overhead_R": Habit(
        -25.0, 0.85, (_cut(120), EqBand("high_shelf", 9000, 1.5)), 6.0, 2.0, 20.0, 200.0, -18.0
    ),
    "drums": Habit(
        -21.0, 0.0, (_cut(35), _peak(400, -2), EqBand("high_shelf", 8000, 2)),
        6.0, 2.5, 15.0, 150.0, -20.0,
    ),
    "bass": Habit(
        -22.0, 0.0, (_cut(35), _peak(90, 1.5), _peak(300, -2)), 2.0, 4.0, 20.0, 150.0, None
    ),
    "guitar": Habit(
        -25.0, -0.6, (_cut(100), _peak(350, -2), _peak(2500, 1.5)), 4.0, 2.0, 15.0, 150.0, -18.0
    ),
    "keys": Habit(
        -26.0, 0.5, (_cut(120), _peak(400, -1.5), _peak(1800, -1)), 5.0, 2.0, 20.0, 200.0, -16.0
    ),
    "lead": Habit(
        -21.0, 0.0, (_cut(150), _peak(600, -1.5), _peak(3000, 2.5)), 3.0, 3.0, 8.0, 120.0, -12.0
    ),
    "pad": Habit(
        -30.0, 0.25, (_cut(200), _peak(2500, -2)), None, 1.0, 10.0, 100.0, -8.0
    ),
}  # fmt: skip
"""By track name, else by role: tom_1 and tom_3 are both toms and stand on different sides."""


@dataclass(frozen=True)
class Taste:
    """How one engineer differs from the next.

    Attributes:
        mirror: 1, or -1 for the audience's view, where sides are swapped.
        width: factor to pans.
        brightness_db: added to high shelves and presence.
        wetness_db: added to sends.
        grip: factor to ratios above 1.
    """

    mirror: int
    width: float
    brightness_db: float
    wetness_db: float
    grip: float


def draw_taste(rng: np.random.Generator) -> Taste:
    """Draw an engineer."""
    return Taste(
        mirror=int(rng.choice((-1, 1))),
        width=float(rng.uniform(0.6, 1.15)),
        brightness_db=float(rng.uniform(-1.5, 2.0)),
        wetness_db=float(rng.uniform(-5.0, 4.0)),
        grip=float(rng.uniform(0.5, 1.4)),
    )


def set_console(multitrack: Multitrack, rng: np.random.Generator) -> Settings:
    """Decide on the settings of every strip and the room; the fader is left at 0 dB."""
    taste = draw_taste(rng)
    strips = tuple(
        _strip(track, multitrack.sample_rate_hz, taste, rng) for track in multitrack.tracks
    )
    room = Reverb(
        decay_s=round(float(rng.uniform(0.7, 2.0)), 2),
        predelay_ms=round(float(rng.uniform(5.0, 35.0)), 1),
        brightness=round(float(rng.uniform(0.3, 0.7)), 2),
    )
    return Settings(strips, BusSettings(reverb=room))


def set_fader(settings: Settings, mix: Samples, sample_rate_hz: int) -> Settings:
    """Set the fader so that the mix has its loudness and stays below its ceiling.

    Args:
        settings: what was rendered, with the fader at 0 dB.
        mix: `(2, frames)`, as rendered.
        sample_rate_hz: of the mix.
    """
    louder = MIX_LUFS - integrated_loudness(mix, sample_rate_hz)
    room_left = CEILING_DBTP - true_peak(mix, sample_rate_hz)
    fader_db = float(np.floor(min(louder, room_left) * 100) / 100)
    return replace(settings, bus=replace(settings.bus, fader_db=fader_db))


def _strip(
    track: Track, sample_rate_hz: int, taste: Taste, rng: np.random.Generator
) -> TrackSettings:
    habit = HABITS.get(track.name) or HABITS[track.role]
    off_lu = float(np.clip(rng.normal(0, BALANCE_SD_LU), -4, 4))
    shift = float(rng.normal(0, 0.05)) if habit.pan else 0.0
    loudness = integrated_loudness(track.samples, sample_rate_hz)
    if not np.isfinite(loudness):
        return TrackSettings(track.name)
    level_lufs = habit.level_lufs + off_lu
    low_db, high_db = RANGES["gain_db"]
    pan = float(np.clip(taste.mirror * (habit.pan + shift) * taste.width, -1, 1))
    return TrackSettings(
        track=track.name,
        gain_db=round(float(np.clip(level_lufs - loudness, low_db, high_db)), 2),
        eq=tuple(_tasted(band, taste) for band in habit.eq),
        compressor=_compressor(habit, level_lufs, taste),
        pan=round(pan, 3),
        send_db=None if habit.send_db is None else round(habit.send_db + taste.wetness_db, 1),
    )


def _tasted(band: EqBand, taste: Taste) -> EqBand:
    bright = band.kind == "high_shelf" or (band.kind == "peak" and band.frequency_hz > 1500)
    return replace(band, gain_db=round(band.gain_db + taste.brightness_db, 1)) if bright else band


def _compressor(habit: Habit, level_lufs: float, taste: Taste) -> Compressor | None:
    if habit.over_db is None:
        return None
    ratio = round(1 + (habit.ratio - 1) * taste.grip, 2)
    # Peaks stand some 6 dB above the threshold; half of what they lose is given back.
    makeup_db = round(6 * (1 - 1 / ratio) / 2, 1)
    return Compressor(
        threshold_db=round(float(np.clip(level_lufs + habit.over_db, -60, 0)), 1),
        ratio=ratio,
        attack_ms=habit.attack_ms,
        release_ms=habit.release_ms,
        makeup_db=makeup_db,
    )
