"""The console: renders a multitrack exactly as its settings say, offline on the CPU.

A strip goes gain and polarity, EQ, compressor, reverb, pan; the panned strips are summed, and what
they send goes through one room. Last come the bus fader and the true-peak limiter.
"""

from __future__ import annotations

import numba
import numpy as np
import soxr
from numpy.typing import NDArray
from scipy import ndimage, signal

from mixers.cookbook import biquad
from mixers.multitrack import Mix, Multitrack, Samples
from mixers.room import room_response
from mixers.settings import Compressor, EqBand, PanLaw, Reverb, Settings, TrackSettings

Array = NDArray[np.float64]

FLOOR_DB = -120.0
LIMITER_WINDOW_S = 0.003


class AsSet:
    """The console as a mixer whose settings are given."""

    name = "console"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Render the song; raises as `render`. No chance is used."""
        return render(multitrack, self.settings)


def render(multitrack: Multitrack, settings: Settings) -> Mix:
    """Render a song through the console.

    Args:
        multitrack: tracks that no strip belongs to are an error, and so are strips without track.
        settings: of every track and the bus.

    Returns:
        The mix, `(2, frames)`; silence stays silent.

    Raises:
        ValueError: settings and tracks do not belong together.
    """
    strips = {strip.track: strip for strip in settings.tracks}
    _check_tracks(multitrack, strips)
    rate_hz = multitrack.sample_rate_hz
    equalised = {
        track.name: _equalised(track.samples, strips[track.name], rate_hz)
        for track in multitrack.tracks
    }
    dry, sent = np.zeros((2, multitrack.frames)), np.zeros((2, multitrack.frames))
    for name, strip in strips.items():
        sound = equalised[name]
        if strip.compressor is not None:
            key = equalised[strip.compressor.sidechain or name]
            sound = compress(sound, key, strip.compressor, rate_hz)
        if strip.reverb is not None:
            sound = sound + reverberate(sound, strip.reverb, rate_hz)
        # A mono sound feeds both sides; of a stereo one, each side feeds its own.
        panned = pan_gains(strip.pan, settings.pan_law)[:, None] * sound
        dry += panned
        if strip.send_db is not None:
            sent += panned * _amplitude(strip.send_db)
    bus = settings.bus
    if bus.reverb is not None:
        dry += reverberate(sent, bus.reverb, rate_hz)
    dry *= _amplitude(bus.fader_db)
    if bus.ceiling_dbtp is not None:
        dry = limit(dry, bus.ceiling_dbtp, rate_hz)
    return Mix("console", rate_hz, dry.astype(np.float32), settings)


def pan_gains(pan: float, law: PanLaw) -> Array:
    """Factors to the left and right output, `(2,)`.

    Args:
        pan: -1 (left) .. 1 (right).
        law: `constant_power` takes 3 dB off in the centre, `linear` 6 dB, `compromise` 4.5 dB.
    """
    right = (pan + 1) / 2
    power = np.cos([right * np.pi / 2, (1 - right) * np.pi / 2])
    linear = np.array([1 - right, right])
    if law == "constant_power":
        return np.asarray(power)
    return linear if law == "linear" else np.sqrt(linear * np.clip(power, 0, None))


def compress(sound: Array, key: Array, compressor: Compressor, sample_rate_hz: int) -> Array:
    """Compress a sound by the level of a key, with the same gain on all channels.

    Gain computer with soft knee (Giannoulis et al., equation 4), smoothed in dB by the decoupled
    detector (equation 17).

    Args:
        sound: `(channels, frames)`.
        key: `(channels, frames)`, what is followed; its loudest channel counts.
        compressor: the settings.
        sample_rate_hz: of both.
    """
    level_db = 20 * np.log10(np.maximum(np.abs(key).max(axis=0), 10 ** (FLOOR_DB / 20)))
    over_db = level_db - compressor.threshold_db
    knee_db = compressor.knee_db
    bent = np.clip(over_db + knee_db / 2, 0, knee_db) ** 2 / (2 * knee_db) if knee_db else 0.0
    above = np.maximum(over_db - knee_db / 2, 0)
    reduction_db = (1 - 1 / compressor.ratio) * (bent + above)
    attack, release = (
        float(np.exp(-1000 / (time_ms * sample_rate_hz)))
        for time_ms in (compressor.attack_ms, compressor.release_ms)
    )
    smooth_db = _smoothed(np.asarray(reduction_db, dtype=np.float64), attack, release)
    # Powers of ten by exp: several times faster.
    return np.asarray(sound * np.exp(np.log(10) / 20 * (compressor.makeup_db - smooth_db)))


def reverberate(sound: Array, reverb: Reverb, sample_rate_hz: int) -> Array:
    """The sound of a room alone, `(2, frames)`; what rings on after the end is cut."""
    if not sound.any():
        return np.zeros((2, sound.shape[1]))
    response = room_response(reverb, sample_rate_hz)
    frames = sound.shape[1]
    channels = [signal.oaconvolve(sound[side % len(sound)], response[side]) for side in (0, 1)]
    return np.stack(channels)[:, :frames]


def limit(mix: Array, ceiling_dbtp: float, sample_rate_hz: int) -> Array:
    """Keep the true peak at a ceiling: look ahead, and turn down smoothly before a peak comes."""
    between = np.abs(soxr.resample(np.ascontiguousarray(mix.T), 1, 4, "HQ")).max(axis=1)
    between = np.resize(between, 4 * mix.shape[1]).reshape(-1, 4)
    peaks = np.maximum(np.abs(mix).max(axis=0), between.max(axis=1))
    wanted = np.minimum(1.0, _amplitude(ceiling_dbtp) / np.maximum(peaks, 1e-9))
    reach = round(LIMITER_WINDOW_S * sample_rate_hz)
    held = ndimage.minimum_filter1d(wanted, 4 * reach + 1, mode="nearest")
    window = signal.windows.hann(2 * reach + 1)
    smooth = ndimage.convolve1d(held, window / window.sum(), mode="nearest")
    return np.asarray(mix * smooth)


def _check_tracks(multitrack: Multitrack, strips: dict[str, TrackSettings]) -> None:
    names = {track.name for track in multitrack.tracks}
    for found, what in ((strips.keys() - names, "no track"), (names - strips.keys(), "no strip")):
        if found:
            raise ValueError(
                f"song {multitrack.song!r}: the settings do not fit, there is {what} "
                f"for {', '.join(sorted(found))}"
            )


def _equalised(samples: Samples, strip: TrackSettings, sample_rate_hz: int) -> Array:
    sound = samples.astype(np.float64) * (strip.polarity * _amplitude(strip.gain_db))
    if strip.eq:
        sections = np.stack([_sos(band, sample_rate_hz) for band in strip.eq])
        sound = np.asarray(signal.sosfilt(sections, sound, axis=1))
    return sound


def _sos(band: EqBand, sample_rate_hz: int) -> Array:
    return np.insert(biquad(band, sample_rate_hz), 3, 1.0)


def _amplitude(level_db: float) -> float:
    return float(10 ** (level_db / 20))


def _detect(reduction_db: Array, attack: float, release: float) -> Array:
    smooth = np.empty_like(reduction_db)
    held = 0.0
    level = 0.0
    for i in range(len(reduction_db)):
        held = max(reduction_db[i], release * held + (1 - release) * reduction_db[i])
        level = attack * level + (1 - attack) * held
        smooth[i] = level
    return smooth


_smoothed = numba.njit(cache=True)(_detect)
