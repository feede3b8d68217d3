"""The anchors keep within the mask of BS.1534-3 and on the original, to the sample."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from stimuli.anchors import ANCHORS, low_pass, low_pass_taps

RATES_HZ = [16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000]


@pytest.mark.parametrize("pass_hz", ANCHORS.values())
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_the_filter_keeps_within_the_mask(rate_hz: int, pass_hz: float) -> None:
    frequencies_hz, response = signal.freqz(
        low_pass_taps(rate_hz, pass_hz), worN=1 << 16, fs=rate_hz
    )
    level_db = 20 * np.log10(np.abs(response) + 1e-12)
    assert np.abs(level_db[frequencies_hz <= pass_hz]).max() <= 0.1
    assert level_db[frequencies_hz >= pass_hz + 500].max() <= -25
    assert level_db[frequencies_hz >= pass_hz + 1_000].max(initial=-np.inf) <= -50


@pytest.mark.parametrize("rate_hz", [44_100, 96_000])
def test_an_impulse_stays_where_it_is(rate_hz: int) -> None:
    impulse = np.zeros((2, 4_001), dtype=np.float32)
    impulse[:, 2_000] = 1
    anchor = low_pass(impulse, rate_hz, 3_500.0)
    assert anchor.shape == impulse.shape
    assert np.argmax(anchor, axis=1).tolist() == [2_000, 2_000]
    np.testing.assert_allclose(anchor, anchor[:, ::-1], atol=1e-7)


def test_a_rate_that_cannot_hold_it_is_refused() -> None:
    with pytest.raises(ValueError, match="8000 Hz is too low for an anchor of 7000 Hz"):
        low_pass(np.zeros((2, 100), dtype=np.float32), 8_000, 7_000.0)
