"""The sounds of screening are what the papers say, to the sample."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from listening import wav
from listening.check_sounds import (
    PITCH_HZ,
    RATE_HZ,
    beeps,
    disguised,
    huggins,
    make,
    silence,
    tone,
    woods,
)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def test_woods_tones_are_one_second_apart_by_half_a_second_and_six_decibels() -> None:
    sound = woods("quiet", "out_of_phase", "loud")
    assert sound.shape == (2, 4 * RATE_HZ)
    starts = [0, round(1.5 * RATE_HZ), 3 * RATE_HZ]
    quiet, turned, loud = (sound[:, at : at + RATE_HZ] for at in starts)
    assert 20 * np.log10(rms(loud) / rms(quiet)) == pytest.approx(6.0)
    np.testing.assert_array_equal(turned[0], -turned[1])
    np.testing.assert_array_equal(loud[0], turned[0])
    np.testing.assert_array_equal(loud[0], loud[1])
    assert not sound[:, RATE_HZ : round(1.5 * RATE_HZ)].any()
    assert np.argmax(np.abs(np.fft.rfft(loud[0]))) == 200


@pytest.mark.parametrize("target", [0, 1, 2])
def test_huggins_pitch_is_a_turned_band_in_one_noise_only(target: int) -> None:
    sound = huggins(target, 7)
    assert sound.shape == (2, 5 * RATE_HZ)
    middle = slice(2000, RATE_HZ - 2000)
    for at in range(3):
        left, right = sound[:, 2 * at * RATE_HZ : (2 * at + 1) * RATE_HZ]
        if at != target:
            np.testing.assert_allclose(left, right, atol=1e-12)
            continue
        # One ear alone has no cue: the spectra have equal magnitudes.
        assert rms(left[middle]) == pytest.approx(rms(right[middle]), rel=0.02)
        difference = np.abs(np.fft.rfft(left - right))
        inside = np.abs(np.arange(len(difference)) - PITCH_HZ) <= 0.06 * PITCH_HZ
        assert np.sum(difference[inside] ** 2) > 0.99 * np.sum(difference**2)
    assert np.abs(sound).max() < 1


def test_a_recipe_makes_the_same_bytes_again_and_all_of_a_page_are_as_long() -> None:
    recipes = [("huggins", at % 3, at) for at in range(6)]
    files = [make(recipe).to_bytes() for recipe in recipes]
    assert files == [make(recipe).to_bytes() for recipe in recipes]
    assert len({len(data) for data in files}) == 1
    assert len(set(files)) == 6
    assert wav.parse(files[0]).sample_rate_hz == RATE_HZ


def test_silence_is_as_long_as_a_tone_and_silent() -> None:
    assert silence().shape == tone(125.0).shape
    assert not silence().any()


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_there_are_as_many_beeps_as_asked_for(count: int) -> None:
    line = np.abs(beeps(count)[0])
    loud = np.convolve(line, np.ones(400) / 400, "same") > 0.05
    assert np.sum(np.diff(loud.astype(int)) == 1) == count
    assert len(line) == len(beeps(2)[0])


@given(
    values=st.lists(st.integers(-(2**23), 2**23 - 1), min_size=2, max_size=50),
    bits=st.sampled_from([16, 24]),
)
def test_a_disguise_changes_one_step_at_most(values: list[int], bits: int) -> None:
    whole = [value >> (24 - bits) for value in values]
    raw = b"".join(value.to_bytes(bits // 8, "little", signed=True) for value in whole)
    sound = wav.Wav(1, 1, RATE_HZ, bits, raw)
    size = bits // 8
    other = disguised(sound, 1).samples
    assert len(other) == len(raw)
    for at, value in enumerate(whole):
        there = int.from_bytes(other[size * at : size * at + size], "little", signed=True)
        assert abs(there - value) <= 1


def test_what_has_no_last_bit_cannot_be_disguised() -> None:
    with pytest.raises(ValueError, match="ABX needs stimuli as 16- or 24-bit PCM"):
        disguised(wav.Wav(3, 1, RATE_HZ, 32, bytes(8)), 1)
