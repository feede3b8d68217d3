"""The objective features by which the field compares mixes.

As in the evaluations of Martínez Ramírez et al. ("Automatic music mixing with deep learning and
out-of-domain data", ISMIR 2022): spectral, panning, dynamic and loudness features of a whole mix.
Means run over the frames that sound.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mixers.loudness import integrated_loudness, true_peak
from mixers.multitrack import Samples

Array = NDArray[np.float64]

FRAME_S = 0.046
CHUNK_FRAMES = 512
SILENT_BELOW_DB = -60.0
PANNING_EDGES_HZ = (250, 2_500)
CONTRAST_EDGES_HZ = (200, 400, 800, 1_600, 3_200, 6_400)
LEAST = 1e-4
"""Features of a target below this are as good as 0, and nothing can be compared with them."""
QUANTILE = 0.2
"""Of the bins of a band, the share that counts as its peak and as its valley."""


@dataclass(frozen=True)
class MixFeatures:
    """Features of a mix; all 0 but loudness and peak for a silent one.

    Attributes:
        centroid_hz, bandwidth_hz, rolloff_hz: of the spectrum; 85 % of the energy lie below the
            roll-off.
        flatness: geometric over arithmetic mean of the power spectrum, 0..1.
        contrast_db: peaks over valleys of the spectrum, mean over octaves.
        panning_rms, panning_low_rms, panning_mid_rms, panning_high_rms: root mean square of the
            panning spectrum (Tzanetakis et al., ISMIR 2007), 0 (centre) .. 1 (sides), in total and
            below 250 Hz, up to 2.5 kHz, and above.
        rms_db: level.
        dynamic_spread_db: mean absolute difference of the frames' levels from their mean.
        crest_db: peak over root mean square.
        loudness_lufs: integrated loudness.
        peak_dbtp: true peak.
    """

    centroid_hz: float
    bandwidth_hz: float
    rolloff_hz: float
    flatness: float
    contrast_db: float
    panning_rms: float
    panning_low_rms: float
    panning_mid_rms: float
    panning_high_rms: float
    rms_db: float
    dynamic_spread_db: float
    crest_db: float
    loudness_lufs: float
    peak_dbtp: float


def describe_mix(samples: Samples, sample_rate_hz: int) -> MixFeatures:
    """Measure a mix, `(2, frames)`."""
    names = [feature.name for feature in fields(MixFeatures)]
    levels = [integrated_loudness(samples, sample_rate_hz), true_peak(samples, sample_rate_hz)]
    rows = _frames(samples, sample_rate_hz)
    if not len(rows):
        silent = [0.0] * (len(names) - len(levels))
        return MixFeatures(**dict(zip(names, [*silent, *levels], strict=True)))
    levels_db = rows[:, -1]
    rms = np.sqrt(np.mean(samples.astype(np.float64) ** 2))
    values = [
        *rows[:, :5].mean(axis=0),
        *np.sqrt(rows[:, 5:9].mean(axis=0)),
        20 * np.log10(rms),
        np.abs(levels_db - levels_db.mean()).mean(),
        20 * np.log10(np.abs(samples).max() / rms),
        *levels,
    ]
    return MixFeatures(**dict(zip(names, map(float, values), strict=True)))


def percentage_errors(found: MixFeatures, wanted: MixFeatures) -> dict[str, float]:
    """Absolute percentage error of every feature; none where the target's is 0 or infinite.

    The panning of a mono target counts as 0.
    """
    ours, theirs = asdict(found), asdict(wanted)
    return {
        name: 100 * abs(ours[name] - value) / abs(value)
        for name, value in theirs.items()
        if abs(value) > LEAST and np.isfinite(value) and np.isfinite(ours[name])
    }


def _frames(samples: Samples, rate_hz: int) -> Array:
    """A row per sounding frame: five spectral features, four squared pannings, level in dB."""
    length = 1 << round(np.log2(FRAME_S * rate_hz))
    count = max(1, samples.shape[1] // length)
    frequencies = np.linspace(0, rate_hz / 2, length // 2 + 1)
    window = np.hanning(length).astype(np.float32)
    padded = np.pad(samples, ((0, 0), (0, max(0, count * length - samples.shape[1]))))
    rows = []
    for first in range(0, count, CHUNK_FRAMES):
        part = padded[:, first * length : min(first + CHUNK_FRAMES, count) * length]
        spectra = np.fft.rfft(part.reshape(2, -1, length) * window, axis=2)
        rows.append(_rows(np.abs(spectra).astype(np.float64), frequencies))
    table = np.concatenate(rows)
    heard = table[:, -1] > max(table[:, -1].max() + SILENT_BELOW_DB, -150.0)
    return np.asarray(table[heard])


def _rows(magnitudes: Array, frequencies: Array) -> Array:
    """Features of frames, from magnitudes `(2, frames, bins)`."""
    power = (magnitudes**2).sum(axis=0) + 1e-20
    total = power.sum(axis=1)
    share = power / total[:, None]
    centroid = share @ frequencies
    bandwidth = np.sqrt((share * (frequencies - centroid[:, None]) ** 2).sum(axis=1))
    rolloff = frequencies[(np.cumsum(share, axis=1) < 0.85).sum(axis=1)]
    flatness = np.exp(np.log(power).mean(axis=1)) / power.mean(axis=1)
    return np.column_stack(
        [centroid, bandwidth, rolloff, flatness, _contrast_db(power, frequencies)]
        + [_panning(magnitudes, frequencies, low, high) for low, high in _panning_bands()]
        + [10 * np.log10(total)]
    )


def _contrast_db(power: Array, frequencies: Array) -> Array:
    edges = (0.0, *CONTRAST_EDGES_HZ, np.inf)
    contrasts = []
    # The highest octaves are missing at low sample rates.
    for low, high in pairwise(edge for edge in edges if edge < frequencies[-1] or edge == np.inf):
        band = power[:, (frequencies >= low) & (frequencies < high)]
        levels_db = 10 * np.log10(np.sort(band, axis=1))
        some = max(1, round(QUANTILE * levels_db.shape[1]))
        contrasts.append(levels_db[:, -some:].mean(axis=1) - levels_db[:, :some].mean(axis=1))
    return np.asarray(np.mean(contrasts, axis=0))


def _panning_bands() -> tuple[tuple[float, float], ...]:
    low, high = PANNING_EDGES_HZ
    return ((0.0, np.inf), (0.0, low), (low, high), (high, np.inf))


def _panning(magnitudes: Array, frequencies: Array, low_hz: float, high_hz: float) -> Array:
    """Mean square of the panning spectrum in a band: one minus the similarity of the sides."""
    left, right = magnitudes[:, :, (frequencies >= low_hz) & (frequencies < high_hz)]
    similarity = 2 * left * right / (left**2 + right**2 + 1e-20)
    heard = left + right > 1e-9
    return np.asarray(np.where(heard, (1 - similarity) ** 2, 0).mean(axis=1))
