"""Sound files of every kind, made where a test needs them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

BAND = Path(__file__).resolve().parents[2].parent / "shared" / "multitracks" / "webaudio_band"


@pytest.fixture(scope="session")
def band() -> Path:
    """The recording of a real band; absent where only the repository is."""
    if not BAND.is_dir():
        pytest.skip(f"the recording {BAND.name} is not on this machine")
    return BAND


@pytest.fixture(scope="session")
def noise() -> Callable[..., NDArray[np.float32]]:
    """Noise below 5 kHz of 0.1 RMS: `noise(seconds, rate_hz, channels, seed)`."""

    def make(
        seconds: float = 0.5, rate_hz: int = 44_100, channels: int = 1, seed: int = 0
    ) -> NDArray[np.float32]:
        frames = round(seconds * rate_hz)
        spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal((channels, frames)))
        spectrum[:, np.fft.rfftfreq(frames, 1 / rate_hz) > 5_000] = 0
        wave = np.fft.irfft(spectrum, frames)
        return (0.1 * wave / wave.std()).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def write_sound() -> Callable[..., Path]:
    """Write `(channels, frames)` to a file whose suffix says the format."""

    def write(
        path: Path, samples: NDArray[np.float32], rate_hz: int = 44_100, subtype: str | None = None
    ) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples.T, rate_hz, subtype=subtype)
        return path

    return write
