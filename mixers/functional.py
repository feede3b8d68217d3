"""The console's processors as pure, batched, differentiable torch functions.

A sound is `(..., channels, frames)` with 1 or 2 channels, a parameter `(...)` in the unit that its
name says: one value for every sound of the batch. Gradients
are finite on silence, at full scale, and at the ends of `mixers.settings.RANGES`.

The offline console (`mixers.console`) does the same with the same settings, to -60 dB or better.
On the CPU the recursive filters run compiled; on other devices filters are sampled in frequency.

- `gain(sound, gain_db)`, `polarity(sound, sign)`, `pan(sound, pan, law)`
- `section(kind, frequency_hz, gain_db, q, sample_rate_hz)` -> `(..., 5)`,
  `equalise(sound, sections)` with `(..., bands, 5)`
- `compress(sound, threshold_db, ratio, attack_ms, release_ms, knee_db, makeup_db, rate, key=None)`
- `room(decay_s, predelay_ms, brightness, wet_db, rate)` -> `(..., 2, taps)`,
  `reverberate(sound, response)` -> the wet sound alone, `(..., 2, frames)`
- `limit(sound, ceiling_dbtp, rate)`
"""

from __future__ import annotations

import math

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn.functional import avg_pool1d, conv1d, pad

from mixers.cookbook import HIGHEST, coefficients
from mixers.dynamics import FLOOR_DB, NARROWEST_KNEE_DB
from mixers.limiter import REACH_S, RINGING_FRAMES, interpolator
from mixers.loudness import oversampling
from mixers.recursion import detect_level, filter_section
from mixers.room import DARKEST, FADE_S, ONSET_S, room_frames, room_noise
from mixers.settings import EqKind, PanLaw

RINGING_DB = 100.0
"""How far a filter has died away before it may wrap around."""
MAX_PADDING_FRAMES = 1 << 19


def amplitude(level_db: Tensor) -> Tensor:
    """The factor of a level."""
    return torch.exp(level_db * (math.log(10) / 20))


def gain(sound: Tensor, gain_db: Tensor) -> Tensor:
    """Turn a sound up or down."""
    return sound * amplitude(gain_db)[..., None, None]


def polarity(sound: Tensor, sign: Tensor) -> Tensor:
    """Multiply a sound by 1 or -1, or by what lies between."""
    return sound * sign[..., None, None]


def pan(sound: Tensor, pan: Tensor, law: PanLaw = "constant_power") -> Tensor:
    """Place a mono sound, or balance a stereo one, `(..., 2, frames)`.

    Args:
        sound: a mono sound feeds both sides; of a stereo one each side feeds its own.
        pan: -1 (left) .. 1 (right).
        law: `constant_power` takes 3 dB off in the centre, `linear` 6 dB, `compromise` 4.5 dB.
    """
    right = (pan + 1) / 2
    linear = torch.stack([1 - right, right], dim=-1)
    if law == "linear":
        sides = linear
    elif law == "constant_power":
        sides = torch.sin(linear * (math.pi / 2))
    else:
        # √(x sin(x π/2)), written so that its slope exists at x = 0.
        sides = linear * torch.sqrt(torch.sinc(linear / 2) * (math.pi / 2))
    return sound * sides[..., None]


def section(
    kind: EqKind, frequency_hz: Tensor, gain_db: Tensor, q: Tensor, sample_rate_hz: int
) -> Tensor:
    """A filter of the Audio EQ Cookbook as `(..., 5)`: b0, b1, b2, a1, a2.

    In double precision: in single, the poles of low filters are not where they should be.
    """
    frequency_hz, gain_db, q = (value.to(torch.float64) for value in (frequency_hz, gain_db, q))
    w = (2 * math.pi) * (frequency_hz / sample_rate_hz).clamp(max=HIGHEST)
    alpha = torch.sin(w) / (2 * q)
    shaped = torch.zeros_like(w + gain_db + q)
    numbers = coefficients(kind, torch.cos(w), alpha, amplitude(gain_db / 2))
    return torch.stack([shaped + number for number in numbers], dim=-1)


def equalise(sound: Tensor, sections: Tensor) -> Tensor:
    """Filter a sound by second-order sections in series.

    Args:
        sound: `(..., channels, frames)`.
        sections: `(..., bands, 5)`, from `section`.
    """
    if sound.device.type != "cpu":
        return equalise_by_fft(sound, sections)
    shape = sound.shape
    rows = sound.reshape(-1, shape[-1])
    for band in sections.unbind(-2):
        coefficients_of_rows = band[..., None, :].expand(*shape[:-1], 5).reshape(-1, 5)
        rows = filter_section(rows, coefficients_of_rows)
    return rows.reshape(shape)


def equalise_by_fft(sound: Tensor, sections: Tensor) -> Tensor:
    """As `equalise`, by sampling the filters in frequency; any device.

    The sound is padded for as long as the slowest filter rings to -100 dB, at most 2^19 frames.
    """
    frames = sound.shape[-1]
    size = next_fast_len(frames + _ringing_frames(sections), real=True)
    bins = torch.arange(size // 2 + 1, device=sound.device, dtype=sections.dtype)
    turn = (2 * math.pi / size) * bins
    delay = torch.polar(torch.ones_like(turn), -turn)
    b0, b1, b2, a1, a2 = sections[..., None].unbind(-2)
    # One row of the response per band; Horner's scheme in the unit delay.
    response = (b0 + delay * (b1 + delay * b2)) / (1 + delay * (a1 + delay * a2))
    spectrum = torch.fft.rfft(sound, size)
    spectrum = spectrum * response.prod(dim=-2)[..., None, :].to(spectrum.dtype)
    filtered: Tensor = torch.fft.irfft(spectrum, size)[..., :frames]
    return filtered


def compress(
    sound: Tensor,
    threshold_db: Tensor,
    ratio: Tensor,
    attack_ms: Tensor,
    release_ms: Tensor,
    knee_db: Tensor,
    makeup_db: Tensor,
    sample_rate_hz: int,
    key: Tensor | None = None,
) -> Tensor:
    """Compress a sound, with the same gain on all its channels.

    Gain computer with soft knee and smooth decoupled detector in the log domain (Giannoulis,
    Massberg, Reiss, JAES 60(6), 2012, equations 4 and 17).

    Args:
        sound: `(..., channels, frames)`.
        threshold_db, ratio, attack_ms, release_ms, knee_db, makeup_db: `(...)`.
        sample_rate_hz: of the sound.
        key: what is followed, `(..., channels, frames)`; None follows the sound itself.
    """
    heard = (sound if key is None else key).abs().amax(dim=-2)
    level_db = (20 / math.log(10)) * torch.log(heard.clamp(min=10 ** (FLOOR_DB / 20)))
    over_db = level_db - threshold_db[..., None]
    knee_db = knee_db.clamp(min=NARROWEST_KNEE_DB)[..., None]
    # Parabola inside the knee, straight line above it.
    inside = torch.minimum((over_db + knee_db / 2).clamp(min=0), knee_db)
    above = (over_db - knee_db / 2).clamp(min=0)
    reduction_db = (1 - 1 / ratio[..., None]) * (inside**2 / (2 * knee_db) + above)
    shape = reduction_db.shape
    attack, release = (
        torch.exp(-1000 / (time_ms.to(torch.float64) * sample_rate_hz))
        .expand(shape[:-1])
        .reshape(-1)
        for time_ms in (attack_ms, release_ms)
    )
    smooth_db = detect_level(reduction_db.reshape(-1, shape[-1]), attack, release).reshape(shape)
    return sound * amplitude(makeup_db[..., None] - smooth_db)[..., None, :]


def room(
    decay_s: Tensor,
    predelay_ms: Tensor,
    brightness: Tensor,
    wet_db: Tensor,
    sample_rate_hz: int,
) -> Tensor:
    """The impulse response of a room, `(..., 2, taps)`, as `mixers.room` describes it."""
    decay_s, predelay_s, brightness = (
        value[..., None] for value in (decay_s, predelay_ms / 1000, brightness)
    )
    longest = float(decay_s.detach().amax()), 1000 * float(predelay_s.detach().amax())
    taps = room_frames(*longest, sample_rate_hz)
    mids, highs = (
        torch.from_numpy(band[:, :taps]).to(decay_s) for band in room_noise(taps, sample_rate_hz)
    )
    now = torch.arange(taps, device=decay_s.device, dtype=decay_s.dtype) / sample_rate_hz
    time_s = now - predelay_s
    gate = (time_s / ONSET_S).clamp(0, 1) * ((decay_s - time_s) / FADE_S).clamp(0, 1)
    fall = (-3 * math.log(10)) * time_s.clamp(min=0) / decay_s
    highs_fall = fall / (DARKEST + (1 - DARKEST) * brightness)
    tail = mids * (gate * torch.exp(fall))[..., None, :]
    tail = tail + highs * (gate * torch.exp(highs_fall))[..., None, :]
    energy = torch.linalg.vector_norm(tail, dim=-1, keepdim=True)
    response: Tensor = tail * (amplitude(wet_db)[..., None, None] / energy)
    return response


def reverberate(sound: Tensor, response: Tensor) -> Tensor:
    """The sound of a room alone, `(..., 2, frames)`; what rings on after the end is cut.

    Args:
        sound: `(..., channels, frames)`; a mono sound feeds both sides.
        response: `(..., 2, taps)`, from `room`.
    """
    frames = sound.shape[-1]
    response = response[..., :frames]
    size = next_fast_len(frames + response.shape[-1] - 1, real=True)
    spectrum = torch.fft.rfft(sound, size) * torch.fft.rfft(response, size)
    wet: Tensor = torch.fft.irfft(spectrum, size)[..., :frames]
    return wet


def limit(sound: Tensor, ceiling_dbtp: Tensor, sample_rate_hz: int) -> Tensor:
    """Keep the true peak at a ceiling, as `mixers.limiter.Limiter` does, without its delay.

    Args:
        sound: `(..., channels, frames)`; all channels get one gain.
        ceiling_dbtp: `(...)`.
        sample_rate_hz: of the sound.
    """
    reach = round(REACH_S * sample_rate_hz)
    # The interpolator rings, and the gain moves, before the first sample and after the last.
    outside = 3 * reach + RINGING_FRAMES
    ceiling = amplitude(ceiling_dbtp)[..., None]
    peaks = _true_peaks(pad(sound, (outside, outside)), oversampling(sample_rate_hz))
    gains = _lowest(ceiling / torch.maximum(peaks, ceiling), 4 * reach + 1)
    shape = gains.shape[:-1]
    gains = gains.reshape(-1, 1, gains.shape[-1])
    for _ in range(2):
        gains = avg_pool1d(gains, reach + 1, stride=1)
    first = outside - 2 * reach - 2 * ((reach + 1) // 2)
    gains = gains[..., first : first + sound.shape[-1]].reshape(*shape, 1, -1)
    return sound * gains


def _true_peaks(sound: Tensor, factor: int) -> Tensor:
    """The highest of all channels at and right after every sample, `(..., frames)`."""
    heard = sound.abs()
    if factor > 1:
        filters = torch.from_numpy(interpolator(factor)).to(sound)[:, None]
        rows = sound.reshape(-1, 1, sound.shape[-1])
        between = conv1d(rows, filters, padding=RINGING_FRAMES).abs().amax(dim=-2)
        heard = torch.maximum(heard, between.reshape(sound.shape))
    return heard.amax(dim=-2)


def _lowest(signal: Tensor, width: int) -> Tensor:
    """The lowest value of every `width` neighbours along the last axis, by doubling."""
    reached = 1
    while reached < width:
        step = min(reached, width - reached)
        signal = torch.minimum(signal[..., :-step], signal[..., step:])
        reached += step
    return signal


def _ringing_frames(sections: Tensor) -> int:
    """Frames until the slowest pole has died away."""
    half, a2 = sections[..., 3].detach() / 2, sections[..., 4].detach()
    root = (half**2 - a2).clamp(min=0).sqrt()
    radius = torch.where(half**2 > a2, half.abs() + root, a2.clamp(min=0).sqrt())
    slowest = min(float(radius.amax()), 1 - 1e-7)
    ringing = math.log(10 ** (-RINGING_DB / 20)) / math.log(max(slowest, 1e-3))
    return min(MAX_PADDING_FRAMES, math.ceil(ringing))
