"""Loudness and true peak agree with the standard's own signals and with another implementation."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mixers.loudness import integrated_loudness, k_weighting, true_peak
from mixers.multitrack import Samples

RATES_HZ = (22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000)


def sine(
    level_dbfs: float, seconds: float, rate_hz: int, frequency_hz: float = 1_000, phase: float = 0
) -> NDArray[np.float64]:
    angle = 2 * np.pi * frequency_hz * np.arange(round(seconds * rate_hz)) / rate_hz + phase
    return np.asarray(10 ** (level_dbfs / 20) * np.sin(angle))


def stereo(*parts: NDArray[np.float64]) -> Samples:
    return np.tile(np.concatenate(parts), (2, 1)).astype(np.float32)


def test_the_filter_at_48_khz_is_the_table_of_the_standard() -> None:
    shelf, high_pass = k_weighting(48_000)
    assert shelf == pytest.approx(
        [
            1.53512485958697,
            -2.69169618940638,
            1.19839281085285,
            1.0,
            -1.69065929318241,
            0.73248077421585,
        ],
        abs=1e-9,
    )
    assert high_pass == pytest.approx(
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621], abs=1e-9
    )


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_full_scale_sine_in_one_channel_has_minus_3_01_lufs(rate_hz: int) -> None:
    """BS.1770-4 annex 1: 0 dBFS, 997 Hz, one front channel gives -3.01 LKFS."""
    left = sine(0, 5, rate_hz, 997).astype(np.float32)
    loudness = integrated_loudness(np.stack([left, np.zeros_like(left)]), rate_hz)
    # At 192 kHz the bilinear transform bends the shelf by 0.03 dB at 1 kHz.
    assert loudness == pytest.approx(-3.01, abs=0.04)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_loudness_of_a_sound_hardly_depends_on_its_rate(rate_hz: int) -> None:
    # 2.5 kHz lies on the slope of the shelf, which the bilinear transform bends most.
    tones = [stereo(sine(-20, 3, rate, 2_500)) for rate in (rate_hz, 48_000)]
    here = integrated_loudness(tones[0], rate_hz)
    assert here == pytest.approx(integrated_loudness(tones[1], 48_000), abs=0.05)


@pytest.mark.parametrize("rate_hz", [22_050, 32_000])
def test_true_peaks_of_low_rates_are_looked_for_finely_enough(rate_hz: int) -> None:
    # Four times the rate has twelve samples a period, none nearer to a peak than half a step.
    tone = sine(-6, 1, rate_hz, rate_hz / 3, phase=np.pi / 2 - np.pi / 12)
    assert true_peak(stereo(tone * np.hanning(len(tone))), rate_hz) == pytest.approx(-6, abs=0.2)


# EBU Tech 3341, table 1: cases 1 to 5, with the loudness that each must give.
EBU_CASES = {
    "1": ([(-23, 20)], -23.0),
    "2": ([(-33, 20)], -33.0),
    "3": ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
    "4": ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    "5": ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
}


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize("case", EBU_CASES)
def test_the_conformance_signals_of_the_ebu(case: str, rate_hz: int) -> None:
    parts, expected_lufs = EBU_CASES[case]
    samples = stereo(*(sine(level, seconds, rate_hz) for level, seconds in parts))
    assert integrated_loudness(samples, rate_hz) == pytest.approx(expected_lufs, abs=0.1)


@pytest.mark.parametrize(
    ("phase_degrees", "divisor", "level_dbfs", "expected_dbtp"),
    # EBU Tech 3341, table 1, cases 15 to 19: sines at fractions of the sample rate.
    [(0, 4, -6, -6), (45, 4, -6, -6), (60, 6, -6, -6), (67.5, 8, -6, -6), (45, 4, 3, 3)],
)
def test_the_true_peak_signals_of_the_ebu(
    phase_degrees: float, divisor: int, level_dbfs: float, expected_dbtp: float
) -> None:
    rate_hz = 48_000
    tone = sine(level_dbfs, 1, rate_hz, rate_hz / divisor, np.deg2rad(phase_degrees))
    ramp = np.minimum(1, np.arange(len(tone)) / 4_800)
    samples = stereo(tone * ramp * ramp[::-1])
    # The tolerance that the EBU allows a meter is +0.2/-0.4 dB.
    assert true_peak(samples, rate_hz) == pytest.approx(expected_dbtp, abs=0.1)


@settings(max_examples=20, deadline=None)
@given(gain_db=st.floats(-30, 10), seed=st.integers(0, 99))
def test_gain_moves_loudness_and_peak_by_itself(gain_db: float, seed: int) -> None:
    noise = np.random.default_rng(seed).normal(0, 0.1, (2, 44_100 * 2)).astype(np.float32)
    louder = (noise * 10 ** (gain_db / 20)).astype(np.float32)
    for measure in (integrated_loudness, true_peak):
        assert measure(louder, 44_100) - measure(noise, 44_100) == pytest.approx(gain_db, abs=1e-3)


def test_loudness_agrees_with_pyloudnorm() -> None:
    noise = np.random.default_rng(3).normal(0, 0.05, (2, 48_000 * 10)).astype(np.float32)
    other = pyloudnorm.Meter(48_000).integrated_loudness(noise.T.astype(np.float64))
    # Its coefficients are rounded (De Man 2018) and lie 0.04 LU beside the table's on white noise.
    assert integrated_loudness(noise, 48_000) == pytest.approx(other, abs=0.06)


def test_a_long_file_peaks_where_its_parts_meet_too() -> None:
    samples = np.zeros((1, (1 << 18) * 2), dtype=np.float32)
    samples[0, (1 << 18) - 1 : (1 << 18) + 1] = 0.5
    peak_dbtp = true_peak(samples, 44_100)
    alone = np.zeros((1, 2_000), dtype=np.float32)
    alone[0, 999:1_001] = 0.5
    assert peak_dbtp == pytest.approx(true_peak(alone, 44_100), abs=1e-4)
    assert peak_dbtp > 20 * np.log10(0.5) + 1


@pytest.mark.parametrize("frames", [1, 100, 44_100])
def test_silence_has_no_loudness_and_no_peak(frames: int) -> None:
    silence = np.zeros((2, frames), dtype=np.float32)
    assert integrated_loudness(silence, 44_100) == -np.inf
    assert true_peak(silence, 44_100) == -np.inf
