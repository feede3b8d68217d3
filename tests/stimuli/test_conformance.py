"""Loudness and true peak as the standards' signals and another implementation have them.

The signals are those of EBU Tech 3341 (v4, table 1: minimum requirements test signals), made here
from their description, and the one that ITU-R BS.1770-4 calibrates by (annex 1, note 3). Signals of
momentary and short-term loudness, and of five channels, are left out: neither is used here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from mixers.loudness import integrated_loudness, true_peak

Noise = Callable[..., NDArray[np.float32]]
RATES_HZ = [32_000, 44_100, 48_000, 96_000]


def tone(
    levels: list[tuple[float, float]],
    rate_hz: int,
    frequency_hz: float = 1_000.0,
    channels: int = 2,
) -> NDArray[np.float32]:
    """A sine whose peak has so many dBFS for so many seconds, one after the other."""
    peaks = np.concatenate(
        [np.full(round(seconds * rate_hz), 10 ** (level / 20)) for level, seconds in levels]
    )
    wave = peaks * np.sin(2 * np.pi * frequency_hz * np.arange(len(peaks)) / rate_hz)
    return np.repeat(wave[None], channels, axis=0).astype(np.float32)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize(
    ("levels", "expected_lufs"),
    [
        pytest.param([(-23, 20)], -23.0, id="1"),
        pytest.param([(-33, 20)], -33.0, id="2"),
        pytest.param([(-36, 10), (-23, 60), (-36, 10)], -23.0, id="3"),
        pytest.param([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0, id="4"),
        pytest.param([(-26, 20), (-20, 20.1), (-26, 20)], -23.0, id="5"),
    ],
)
def test_loudness_of_tech_3341(
    levels: list[tuple[float, float]], expected_lufs: float, rate_hz: int
) -> None:
    measured = integrated_loudness(tone(levels, rate_hz), rate_hz)
    assert measured == pytest.approx(expected_lufs, abs=0.1)


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_full_scale_sine_of_997_hz_in_one_channel_has_minus_3_01(rate_hz: int) -> None:
    sine = tone([(0, 20)], rate_hz, 997.0, channels=1)
    assert integrated_loudness(sine, rate_hz) == pytest.approx(-3.01, abs=0.05)
    assert integrated_loudness(np.concatenate([sine, 0 * sine]), rate_hz) == pytest.approx(
        -3.01, abs=0.05
    )


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
@pytest.mark.parametrize(
    ("fraction", "phase_degrees", "peak", "expected_dbtp"),
    [
        pytest.param(4, 0.0, 0.50, -6.0, id="15"),
        pytest.param(4, 45.0, 0.50, -6.0, id="16"),
        pytest.param(6, 60.0, 0.50, -6.0, id="17"),
        pytest.param(8, 67.5, 0.50, -6.0, id="18"),
        pytest.param(4, 45.0, 1.41, 3.0, id="19"),
    ],
)
def test_true_peak_of_tech_3341(
    fraction: int, phase_degrees: float, peak: float, expected_dbtp: float, rate_hz: int
) -> None:
    phase = 2 * np.pi * np.arange(rate_hz) / fraction + np.deg2rad(phase_degrees)
    sine = (peak * np.sin(phase))[None].astype(np.float32)
    # A tone that begins and ends at once overshoots, which the signals avoid by fading.
    window = np.minimum(1.0, np.minimum(np.arange(rate_hz), np.arange(rate_hz)[::-1]) / 4_410)
    measured = true_peak((sine * window).astype(np.float32), rate_hz)
    assert -0.4 <= measured - expected_dbtp <= 0.2


@pytest.mark.parametrize("offset", range(4))
def test_true_peak_wherever_the_samples_fall(offset: int) -> None:
    """Signals 20 to 23: one burst of fs/6 at 0 dBTP, sampled at four places between samples."""
    fine_hz = 4 * 48_000
    time = np.arange(fine_hz) - fine_hz // 2
    # Hann-weighted, so that it lies below half the rate and reaches 1 at one place only.
    window = np.where(np.abs(time) < 4_800, np.cos(np.pi * time / 9_600) ** 2, 0.0)
    burst = window * np.cos(2 * np.pi * time / 24)
    sampled = burst[offset::4][None].astype(np.float32)
    assert -0.4 <= true_peak(sampled, 48_000) <= 0.2


def _ebur128(path: Path) -> tuple[float, float]:
    """Integrated loudness and true peak as ffmpeg's ebur128 measures them."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("there is no ffmpeg here to compare with")
    graph = "ebur128=peak=true:metadata=1,ametadata=print:file=-"
    command = [ffmpeg, "-hide_banner", "-nostats", "-i", str(path), "-af", graph, "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    loudness = re.findall(r"lavfi\.r128\.I=(-?[\d.]+)", done.stdout)[-1]
    peak = re.findall(r"True peak:\s+Peak:\s+(-?[\d.]+) dBFS", done.stderr)[-1]
    return float(loudness), float(peak)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000, 192_000])
@pytest.mark.parametrize("kind", ["noise", "clicks", "quiet and loud", "low and high"])
def test_loudness_and_true_peak_as_ffmpeg_has_them(
    tmp_path: Path, noise: Noise, kind: str, rate_hz: int
) -> None:
    # A whole number of ffmpeg's frames of 100 ms, of which it leaves the last part out.
    sound = noise(12.0, rate_hz, 2, seed=5)
    if kind == "clicks":
        sound[:, :: rate_hz // 3] = 0.9
    elif kind == "quiet and loud":
        sound[:, : 5 * rate_hz] *= 0.02
        sound[1] *= 0.3
    elif kind == "low and high":
        time = np.arange(sound.shape[1]) / rate_hz
        sound[0] = 0.4 * np.sin(2 * np.pi * 45 * time)
        sound[1] = 0.2 * np.sin(2 * np.pi * min(11_111, 0.42 * rate_hz) * time)
    path = tmp_path / "a.wav"
    soundfile.write(path, sound.T, rate_hz, subtype="FLOAT")
    loudness_lufs, peak_dbtp = _ebur128(path)
    assert integrated_loudness(sound, rate_hz) == pytest.approx(loudness_lufs, abs=0.1)
    assert true_peak(sound, rate_hz) == pytest.approx(peak_dbtp, abs=0.2)
