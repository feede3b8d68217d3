"""The sounds of screening pages, made to published parameters; 16-bit PCM, never compressed.

Woods et al. (2017), doi 10.3758/s13414-017-1361-2: three 200 Hz tones of 1.0 s with 100 ms ramps
and gaps of 0.5 s; one is 6 dB lower, one has opposite polarity in the two ears. Milne et al.
(2021), doi 10.3758/s13428-020-01514-0: three white noises of 1.0 s with gaps of 1.0 s at 44.1 kHz,
of which one has the band 600 Hz ± 6 % shifted by 180° in the right ear (Huggins pitch).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from listening import wav

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]
    """Shape (2, frames), full scale 1."""

RATE_HZ = 44_100
TONE_HZ, TONE_S, TONE_RAMP_S, TONE_GAP_S, TONE_DROP_DB = 200.0, 1.0, 0.1, 0.5, 6.0
NOISE_S, NOISE_GAP_S, NOISE_RMS = 1.0, 1.0, 0.1
NOISE_RAMP_S = 0.03
PITCH_HZ, PITCH_BAND = 600.0, 0.06
LEVEL = 0.25
"""Peak of the tones: −12 dBFS, so that no player clips or limits them."""

BEEP_HZ, BEEP_S, BEEP_RAMP_S, MOST_BEEPS = 880.0, 0.2, 0.02, 5
HEARING_S, HEARING_LEVEL = 1.5, 0.05


def make(recipe: tuple[Any, ...]) -> wav.Wav:
    """The sound of a recipe: the name of its maker, and what that is given."""
    name, *given = recipe
    return _as_wav(MAKERS[name](*given))


def woods(first: str, second: str, third: str) -> Samples:
    """Three tones in this order, of `quiet`, `out_of_phase` and `loud`."""
    import numpy as np

    tone = _tone(TONE_HZ, TONE_S, TONE_RAMP_S, LEVEL)
    quiet = 10 ** (-TONE_DROP_DB / 20)
    ears = {"quiet": (quiet, quiet), "out_of_phase": (1.0, -1.0), "loud": (1.0, 1.0)}
    parts = [np.array(ears[name])[:, None] * tone for name in (first, second, third)]
    return _spaced(parts, TONE_GAP_S)


def huggins(target: int, seed: int) -> Samples:
    """Three noises; the one at `target` (0, 1 or 2) holds the pitch."""
    import numpy as np

    rng = np.random.default_rng([1601, seed])
    frames = round(NOISE_S * RATE_HZ)
    fade = _ramps(frames, NOISE_RAMP_S)
    parts = []
    for at in range(3):
        left = NOISE_RMS * rng.standard_normal(frames)
        spectrum = np.fft.rfft(left)
        if at == target:
            hz = np.fft.rfftfreq(frames, 1 / RATE_HZ)
            spectrum[np.abs(hz - PITCH_HZ) <= PITCH_BAND * PITCH_HZ] *= -1
        right = np.fft.irfft(spectrum, frames)
        parts.append(fade * np.stack([left, right]))
    return _spaced(parts, NOISE_GAP_S)


def tone(frequency_hz: float) -> Samples:
    """A single quiet tone in both ears."""
    import numpy as np

    one = _tone(frequency_hz, HEARING_S, TONE_RAMP_S, HEARING_LEVEL)
    return np.stack([one, one])


def silence() -> Samples:
    """As long as a tone, and nothing."""
    return 0.0 * tone(1000.0)


def beeps(count: int) -> Samples:
    """So many beeps at uneven distances; every count lasts equally long."""
    import numpy as np

    beep = _tone(BEEP_HZ, BEEP_S, BEEP_RAMP_S, LEVEL)
    slot = round(0.45 * RATE_HZ)
    line = np.zeros((MOST_BEEPS + 2) * slot)
    starts = np.linspace(slot, MOST_BEEPS * slot, count) + 0.1 * slot * (np.arange(count) % 2)
    for start in starts.astype(int):
        line[start : start + len(beep)] += beep
    return np.stack([line, line])


MAKERS: dict[str, Callable[..., Samples]] = {
    "woods": woods,
    "huggins": huggins,
    "tone": tone,
    "silence": silence,
    "beeps": beeps,
}


def disguised(sound: wav.Wav, seed: int) -> wav.Wav:
    """The same sound with noise of one step in the last bit: equal to the ear, not to the byte.

    Raises:
        ValueError: samples of a kind that has no last bit.
    """
    import numpy as np

    if sound.encoding != 1 or sound.bits not in (16, 24):
        raise ValueError(
            f"ABX needs stimuli as 16- or 24-bit PCM, these have {sound.bits} bits "
            f"of encoding {sound.encoding}"
        )
    size = sound.bits // 8
    raw = np.frombuffer(sound.samples, np.uint8).reshape(-1, size)
    wide = np.zeros((len(raw), 4), np.uint8)
    wide[:, 4 - size :] = raw
    values = wide.view("<i4").ravel().astype(np.int64) >> (32 - sound.bits)
    noisy = values + np.random.default_rng(seed).integers(-1, 2, len(values))
    limit = 2 ** (sound.bits - 1)
    kept = np.clip(noisy, -limit, limit - 1).astype("<i4").view(np.uint8).reshape(-1, 4)
    return wav.Wav(
        sound.encoding, sound.channels, sound.sample_rate_hz, sound.bits, kept[:, :size].tobytes()
    )


def _tone(frequency_hz: float, seconds: float, ramp_s: float, peak: float) -> Samples:
    import numpy as np

    frames = round(seconds * RATE_HZ)
    wave = peak * np.sin(2 * np.pi * frequency_hz * np.arange(frames) / RATE_HZ)
    return np.asarray(wave * _ramps(frames, ramp_s))


def _ramps(frames: int, ramp_s: float) -> Samples:
    """Raised cosines at both ends."""
    import numpy as np

    curve = np.ones(frames)
    length = round(ramp_s * RATE_HZ)
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(length) / length)
    curve[:length] = rise
    curve[-length:] = rise[::-1]
    return curve


def _spaced(parts: list[Samples], gap_s: float) -> Samples:
    import numpy as np

    gap = np.zeros((2, round(gap_s * RATE_HZ)))
    return np.concatenate([parts[0], gap, parts[1], gap, parts[2]], axis=1)


def _as_wav(samples: Samples) -> wav.Wav:
    import numpy as np

    steps = np.clip(np.round(samples * 2**15), -(2**15), 2**15 - 1).astype("<i2")
    return wav.Wav(1, 2, RATE_HZ, 16, steps.T.tobytes())
