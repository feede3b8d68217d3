"""What a track sounds like, in numbers that rules and forests can decide by.

All but the loudness are scale-free: turning a track up or down does not move them. Spectral
measures are energy-weighted means over the frames in which the track sounds.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mixers.loudness import integrated_loudness
from mixers.multitrack import Multitrack, Samples

Array = NDArray[np.float64]

BAND_EDGES_HZ = (20, 60, 120, 250, 500, 1_000, 2_000, 4_000, 8_000, 20_000)
"""Bands of about an octave; what lies above half the sample rate is empty."""

BANDS = len(BAND_EDGES_HZ) - 1
FRAME_S = 0.046
CHUNK_FRAMES = 512
SILENT_BELOW_DB = -60.0
"""Frames this far below the loudest one do not count as sounding."""
FLOOR_DB = -80.0


@dataclass(frozen=True)
class TrackFeatures:
    """Descriptors of one track beside the others of its song.

    Attributes:
        loudness_lufs: integrated loudness; minus infinity for a silent track.
        crest_db: peak over root mean square.
        spread_db: interquartile range of the frame levels: how dynamic it is.
        activity: share of the song in which it sounds, 0..1.
        onsets: mean positive change of level between frames, dB; high for drums, low for pads.
        centroid_hz: centre of gravity of the spectrum.
        bandwidth_hz: spread of the spectrum around it.
        rolloff_hz: 85 % of the energy lie below.
        flatness: geometric over arithmetic mean of the spectrum, 0 (a tone) .. 1 (noise).
        width: share of the difference in the energy of a stereo track, 0 where mono.
        bands_db: energy in each band of BAND_EDGES_HZ relative to the track's whole, >= -80.
        overlap: share of its energy in bands that the other tracks, made as loud, fill more, 0..1.
    """

    loudness_lufs: float
    crest_db: float
    spread_db: float
    activity: float
    onsets: float
    centroid_hz: float
    bandwidth_hz: float
    rolloff_hz: float
    flatness: float
    width: float
    bands_db: tuple[float, ...]
    overlap: float

    @property
    def silent(self) -> bool:
        """Whether the track is too quiet to have a loudness."""
        return not np.isfinite(self.loudness_lufs)


VECTOR_NAMES: tuple[str, ...] = (
    *(f.name for f in fields(TrackFeatures) if f.name not in ("loudness_lufs", "bands_db")),
    *(f"band_{low}_{high}_hz_db" for low, high in pairwise(BAND_EDGES_HZ)),
)
"""Names of the entries of `vector`."""


def vector(features: TrackFeatures) -> Array:
    """The scale-free descriptors as a vector `(len(VECTOR_NAMES),)`, frequencies in octaves."""
    values = [getattr(features, name) for name in VECTOR_NAMES[: -len(features.bands_db)]]
    named = dict(zip(VECTOR_NAMES, values, strict=False))
    for name in ("centroid_hz", "bandwidth_hz", "rolloff_hz"):
        named[name] = float(np.log2(max(named[name], 20.0) / 1_000))
    return np.array([*named.values(), *features.bands_db])


def describe(multitrack: Multitrack) -> tuple[TrackFeatures, ...]:
    """Describe every track of a song, in order."""
    rate_hz = multitrack.sample_rate_hz
    loudness = [integrated_loudness(track.samples, rate_hz) for track in multitrack.tracks]
    spectra = [_spectra(track.samples, rate_hz) for track in multitrack.tracks]
    bands = np.stack([_bands(spectrum, rate_hz) for _, spectrum in spectra])
    overlaps = overlap_shares(bands, np.array(loudness))
    return tuple(
        _describe(track.samples, energy, spectrum, band, level, float(overlap), rate_hz)
        for track, (energy, spectrum), band, level, overlap in zip(
            multitrack.tracks, spectra, bands, loudness, overlaps, strict=True
        )
    )


def band_energies(multitrack: Multitrack) -> Array:
    """Energy of every track in every band: `(tracks, bands)`, in arbitrary but common units."""
    rate_hz = multitrack.sample_rate_hz
    return np.stack(
        [_bands(_spectra(track.samples, rate_hz)[1], rate_hz) for track in multitrack.tracks]
    )


def power_spectrum(samples: Samples, sample_rate_hz: int) -> Array:
    """Summed power spectrum of a sound, `(bins,)` from 0 Hz to half the rate."""
    return _spectra(samples, sample_rate_hz)[1]


def overlap_shares(bands: Array, loudness_lufs: Array) -> Array:
    """Share of each track's energy in bands that the others, made as loud as it, fill more."""
    heard = np.isfinite(loudness_lufs)
    shares = np.zeros(len(bands))
    level = np.where(heard, 10 ** (-np.where(heard, loudness_lufs, 0) / 10), 0)
    equal = bands * level[:, None]
    for i in np.flatnonzero(heard):
        others = equal.sum(axis=0) - equal[i]
        total = equal[i].sum()
        shares[i] = equal[i][others > equal[i]].sum() / total if total > 0 else 0.0
    return shares


def _describe(
    samples: Samples,
    energy: Array,
    spectrum: Array,
    bands: Array,
    loudness_lufs: float,
    overlap: float,
    rate_hz: int,
) -> TrackFeatures:
    if energy.max(initial=0.0) <= 0:
        return TrackFeatures(
            -np.inf, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, (FLOOR_DB,) * BANDS, 0.0
        )
    sounding = energy > energy.max() * 10 ** (SILENT_BELOW_DB / 10)
    levels_db = 10 * np.log10(np.maximum(energy, energy.max() * 10 ** (SILENT_BELOW_DB / 10)))
    frequencies = np.linspace(0, rate_hz / 2, len(spectrum))
    share = spectrum / spectrum.sum()
    centroid_hz = float(share @ frequencies)
    low, high = np.percentile(levels_db[sounding], [25, 75])
    heard = spectrum[(frequencies > 40) & (frequencies < 16_000)] + 1e-30
    return TrackFeatures(
        loudness_lufs=loudness_lufs,
        crest_db=float(20 * np.log10(np.abs(samples).max() / np.sqrt(np.mean(samples**2)))),
        spread_db=float(high - low),
        activity=float(sounding.mean()),
        onsets=float(np.maximum(np.diff(levels_db), 0).mean()) if len(levels_db) > 1 else 0.0,
        centroid_hz=centroid_hz,
        bandwidth_hz=float(np.sqrt(share @ (frequencies - centroid_hz) ** 2)),
        rolloff_hz=float(frequencies[np.searchsorted(np.cumsum(share), 0.85)]),
        flatness=float(np.exp(np.log(heard).mean()) / heard.mean()),
        width=_width(samples),
        bands_db=tuple(float(v) for v in 10 * np.log10(np.maximum(bands / bands.sum(), 1e-8))),
        overlap=overlap,
    )


def _width(samples: Samples) -> float:
    if len(samples) == 1:
        return 0.0
    middle, side = samples[0] + samples[1], samples[0] - samples[1]
    energy = float(np.sum(middle**2) + np.sum(side**2))
    return float(np.sum(side**2)) / energy if energy > 0 else 0.0


def _spectra(samples: Samples, rate_hz: int) -> tuple[Array, Array]:
    """Energy of each Hann frame `(frames,)`, and their summed power spectrum `(bins,)`.

    Frames do not overlap; channels are summed; a song is read in stretches of CHUNK_FRAMES frames.
    """
    length = 1 << round(np.log2(FRAME_S * rate_hz))
    count = max(1, samples.shape[1] // length)
    window = np.hanning(length).astype(np.float32)
    energy, spectrum = np.zeros(count), np.zeros(length // 2 + 1)
    for first in range(0, count, CHUNK_FRAMES):
        last = min(first + CHUNK_FRAMES, count)
        for channel in samples:
            part = channel[first * length : last * length]
            padded = np.pad(part, (0, (last - first) * length - len(part)))
            frames = padded.reshape(last - first, length) * window
            power = np.abs(np.fft.rfft(frames, axis=1)).astype(np.float64) ** 2
            energy[first:last] += power.sum(axis=1)
            spectrum += power.sum(axis=0)
    return energy, spectrum


def _bands(power: Array, rate_hz: int) -> Array:
    """Sum bins of a power spectrum `(bins,)` into the bands `(bands,)`."""
    return np.asarray(_band_matrix(rate_hz, len(power)) @ power)


@lru_cache(maxsize=8)
def _band_matrix(rate_hz: int, bins: int) -> Array:
    frequencies = np.linspace(0, rate_hz / 2, bins)
    return np.stack(
        [(frequencies >= low) & (frequencies < high) for low, high in pairwise(BAND_EDGES_HZ)]
    ).astype(np.float64)
