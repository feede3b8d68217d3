"""Read a SoundFont: which recordings sound for a key, and how they are shaped.

Follows the SoundFont 2.04 technical specification (E-mu Systems, 2006): chunks in section 5,
generators and their defaults in 8.1, how preset and instrument zones combine in 9.4. Modulators
other than velocity, low-frequency oscillators and the modulation envelope are left out.

The SoundFont is TimGM6mb (Tim Brechbill, 2004), which comes with the package `pretty_midi` and is
distributed under the GNU GPL 2 (as Debian's package `timgm6mb-soundfont` states). Blindmix neither
contains nor changes it; it plays the copy that pip installed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DRUM_BANK = 128

START, END, LOOP_START, LOOP_END = 0, 1, 2, 3
START_COARSE, FILTER_CENTS, END_COARSE = 4, 8, 12
ATTACK, HOLD, DECAY, SUSTAIN, RELEASE = 34, 35, 36, 37, 38
INSTRUMENT, KEYS, VELOCITIES, LOOP_START_COARSE = 41, 43, 44, 45
ATTENUATION, LOOP_END_COARSE, COARSE_TUNE, FINE_TUNE = 48, 50, 51, 52
SAMPLE, SAMPLE_MODES, SCALE_TUNING, ROOT_KEY = 53, 54, 56, 58

DEFAULTS = {
    FILTER_CENTS: 13_500,
    ATTACK: -12_000,
    HOLD: -12_000,
    DECAY: -12_000,
    RELEASE: -12_000,
    SCALE_TUNING: 100,
    ROOT_KEY: -1,
}
"""Generators whose default is not 0 (section 8.1.3)."""

RECORDS = {
    "phdr": [("name", "S20"), ("preset", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("rest", "V12")],
    "pbag": [("gen", "<u2"), ("mod", "<u2")],
    "pgen": [("oper", "<u2"), ("amount", "<i2")],
    "inst": [("name", "S20"), ("bag", "<u2")],
    "ibag": [("gen", "<u2"), ("mod", "<u2")],
    "igen": [("oper", "<u2"), ("amount", "<i2")],
    "shdr": [
        ("name", "S20"),
        ("start", "<u4"),
        ("end", "<u4"),
        ("loop_start", "<u4"),
        ("loop_end", "<u4"),
        ("rate_hz", "<u4"),
        ("root", "u1"),
        ("correction", "i1"),
        ("link", "<u2"),
        ("type", "<u2"),
    ],
}
"""Records of the `pdta` chunk (sections 7.2 to 7.10)."""

Generators = dict[int, int]


@dataclass(frozen=True, eq=False)
class Zone:
    """One recording and the keys and velocities that it sounds for.

    Attributes:
        keys: lowest and highest MIDI key.
        velocities: lowest and highest MIDI velocity.
        recording: `(frames,)`, int16.
        loop: first frame of the loop and the one after its last; None plays once.
        rate_hz: of the recording.
        root_key: the key that plays it at its own speed.
        tune_cents: added to the pitch.
        cents_per_key: 100 is equal temperament.
        attenuation_db: lowers the level.
        cutoff_hz: of the low-pass filter at full velocity.
        attack_s, hold_s, decay_s, release_s: times of the volume envelope; decay and release
            are times to fall by 100 dB.
        sustain_db: attenuation that the decay ends at.
    """

    keys: tuple[int, int]
    velocities: tuple[int, int]
    recording: NDArray[np.int16]
    loop: tuple[int, int] | None
    rate_hz: int
    root_key: int
    tune_cents: int
    cents_per_key: int
    attenuation_db: float
    cutoff_hz: float
    attack_s: float
    hold_s: float
    decay_s: float
    sustain_db: float
    release_s: float

    def sounds_for(self, key: int, velocity: int) -> bool:
        """Whether this zone answers a key struck with a velocity."""
        return (
            self.keys[0] <= key <= self.keys[1]
            and self.velocities[0] <= velocity <= self.velocities[1]
        )


class SoundFont:
    """The instruments of a SoundFont file.

    Args:
        path: an SF2 file.

    Raises:
        ValueError: it is no SoundFont.
    """

    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        if data[:4] != b"RIFF" or data[8:12] != b"sfbk":
            raise ValueError(f"{path} is no SoundFont (RIFF sfbk)")
        chunks = _chunks(data, 12, len(data))
        self.samples = np.frombuffer(chunks["smpl"], dtype="<i2")
        self.tables = {
            name: np.frombuffer(chunks[name], dtype=np.dtype(fields))
            for name, fields in RECORDS.items()
        }

    def zones(self, program: int, bank: int = 0) -> tuple[Zone, ...]:
        """Every zone of an instrument.

        Args:
            program: General MIDI program, 0..127.
            bank: 0, or `DRUM_BANK`.

        Raises:
            ValueError: the SoundFont has no such instrument.
        """
        headers = self.tables["phdr"][:-1]
        found = np.flatnonzero((headers["preset"] == program) & (headers["bank"] == bank))
        if not len(found):
            raise ValueError(f"the SoundFont has no program {program} in bank {bank}")
        zones = []
        for preset in self._generators("phdr", "pbag", "pgen", int(found[0]), INSTRUMENT):
            for local in self._generators("inst", "ibag", "igen", preset[INSTRUMENT], SAMPLE):
                zone = self._zone(preset, local)
                if zone is not None:
                    zones.append(zone)
        return tuple(zones)

    def _generators(
        self, headers: str, bags: str, gens: str, index: int, last: int
    ) -> list[Generators]:
        """The zones of a preset or instrument; its global zone fills in what they leave out."""
        bounds = self.tables[headers]["bag"][index : index + 2]
        starts = self.tables[bags]["gen"]
        common: Generators = {}
        zones = []
        for bag in range(int(bounds[0]), int(bounds[1])):
            rows = self.tables[gens][int(starts[bag]) : int(starts[bag + 1])]
            values = {int(row["oper"]): int(row["amount"]) for row in rows}
            if last in values:
                zones.append({**common, **values})
            elif not zones:
                common = values
        return zones

    def _zone(self, preset: Generators, local: Generators) -> Zone | None:
        """Combine a preset zone with an instrument zone: ranges intersect, values add up."""
        keys = _overlap(_range(preset, KEYS), _range(local, KEYS))
        velocities = _overlap(_range(preset, VELOCITIES), _range(local, VELOCITIES))
        header = self.tables["shdr"][local[SAMPLE]]
        if keys is None or velocities is None:
            return None

        def value(generator: int) -> int:
            own = local.get(generator, DEFAULTS.get(generator, 0))
            return own + preset.get(generator, 0)

        def place(field: str, fine: int, coarse: int) -> int:
            return int(header[field]) + local.get(fine, 0) + 32_768 * local.get(coarse, 0)

        start = place("start", START, START_COARSE)
        loop_start = place("loop_start", LOOP_START, LOOP_START_COARSE) - start
        loop_end = place("loop_end", LOOP_END, LOOP_END_COARSE) - start
        loops = local.get(SAMPLE_MODES, 0) & 1 and loop_end > loop_start
        root = local.get(ROOT_KEY, -1)
        return Zone(
            keys=keys,
            velocities=velocities,
            recording=self.samples[start : place("end", END, END_COARSE)],
            loop=(loop_start, loop_end) if loops else None,
            rate_hz=int(header["rate_hz"]),
            root_key=root if root >= 0 else int(header["root"]),
            tune_cents=100 * value(COARSE_TUNE) + value(FINE_TUNE) + int(header["correction"]),
            cents_per_key=value(SCALE_TUNING),
            attenuation_db=max(0, value(ATTENUATION)) / 10,
            cutoff_hz=8.176 * 2 ** (value(FILTER_CENTS) / 1200),
            attack_s=_seconds(value(ATTACK)),
            hold_s=_seconds(value(HOLD)),
            decay_s=_seconds(value(DECAY)),
            sustain_db=min(max(0, value(SUSTAIN)) / 10, 100.0),
            release_s=_seconds(value(RELEASE)),
        )


@lru_cache(maxsize=1)
def bundled_soundfont() -> SoundFont:
    """Open the SoundFont that `pretty_midi` brings, without importing that package.

    Raises:
        FileNotFoundError: the package or its SoundFont is not installed.
    """
    package = find_spec("pretty_midi")
    folders = package.submodule_search_locations if package else None
    path = Path(next(iter(folders or ["pretty_midi"]))) / "TimGM6mb.sf2"
    if not path.is_file():
        raise FileNotFoundError(
            "the SoundFont TimGM6mb.sf2 is missing; install it with: pip install pretty_midi"
        )
    return SoundFont(path)


def _chunks(data: bytes, start: int, end: int) -> dict[str, bytes]:
    """Every leaf chunk of a RIFF stretch by name, lists opened."""
    found: dict[str, bytes] = {}
    while start + 8 <= end:
        name, size = data[start : start + 4], int.from_bytes(data[start + 4 : start + 8], "little")
        body = start + 8
        if name == b"LIST":
            found |= _chunks(data, body + 4, body + size)
        else:
            found[name.decode("ascii")] = data[body : body + size]
        start = body + size + size % 2
    return found


def _range(generators: Generators, which: int) -> tuple[int, int]:
    """A key or velocity range: low byte and high byte of the amount."""
    amount = generators.get(which)
    return (0, 127) if amount is None else (amount & 0xFF, (amount >> 8) & 0xFF)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int] | None:
    low, high = max(one[0], other[0]), min(one[1], other[1])
    return (low, high) if low <= high else None


def _seconds(timecents: int) -> float:
    return float(2 ** (timecents / 1200))
