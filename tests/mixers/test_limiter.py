"""The limiter keeps the true peak, and leaves alone what needs no limiting."""

from __future__ import annotations

import numpy as np
import pytest

from mixers.limiter import Limiter
from mixers.loudness import true_peak
from mixers.multitrack import Samples

RATE_HZ = 44_100


def limited(mix: Samples, ceiling_dbtp: float, sample_rate_hz: int = RATE_HZ) -> Samples:
    """The whole mix through the limiter, in time."""
    limiter = Limiter(ceiling_dbtp, sample_rate_hz)
    silence = np.zeros((2, limiter.delay_frames), dtype=np.float32)
    late = np.concatenate([limiter.process(mix), limiter.process(silence)], axis=1)
    return late[:, limiter.delay_frames :]


def loud(kind: str, sample_rate_hz: int) -> Samples:
    frames = np.arange(sample_rate_hz)
    rng = np.random.default_rng(3)
    if kind == "noise":
        mix = rng.standard_normal((2, len(frames)))
    elif kind == "between samples":
        # A quarter of the sample rate at 45 degrees: true peaks 3 dB above every sample.
        mix = np.tile(np.sin(np.pi / 2 * frames + np.pi / 4), (2, 1))
    elif kind == "clicks":
        mix = np.where(rng.random((2, len(frames))) < 1e-3, 8.0, 0.01)
    else:
        mix = np.sign(np.sin(2 * np.pi * 997 / sample_rate_hz * frames)) * np.ones((2, 1)) * 2
    return mix.astype(np.float32)


@pytest.mark.parametrize("kind", ["noise", "between samples", "clicks", "square"])
@pytest.mark.parametrize("sample_rate_hz", [44_100, 96_000, 192_000])
@pytest.mark.parametrize("ceiling_dbtp", [-1.0, -12.0])
def test_the_true_peak_stays_at_the_ceiling(
    kind: str, sample_rate_hz: int, ceiling_dbtp: float
) -> None:
    mix = loud(kind, sample_rate_hz)
    out = limited(mix, ceiling_dbtp, sample_rate_hz)
    assert out.shape == mix.shape
    assert true_peak(out, sample_rate_hz) < ceiling_dbtp + 0.05
    assert true_peak(out, sample_rate_hz) > ceiling_dbtp - 3


def test_what_is_below_the_ceiling_stays_to_the_bit() -> None:
    quiet = loud("noise", RATE_HZ) * np.float32(0.05)
    np.testing.assert_array_equal(limited(quiet, -1.0), quiet)


def test_one_peak_turns_down_its_surroundings_only() -> None:
    mix = np.full((2, RATE_HZ), 0.1, dtype=np.float32)
    mix[0, RATE_HZ // 2] = 4.0
    out = limited(mix, -1.0)
    gain = out[1] / 0.1
    touched = np.flatnonzero(gain < 0.999)
    assert len(touched) / RATE_HZ < 6.5 * 0.003
    assert gain[RATE_HZ // 2] == pytest.approx(10 ** (-1 / 20) / 4, rel=0.05)
    # Both sides by the same gain, and nowhere abruptly.
    assert np.abs(np.diff(gain)).max() < 0.03
