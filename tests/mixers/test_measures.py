"""Distance, artefacts and objective features measure what their names say."""

from __future__ import annotations

from dataclasses import asdict

import auraloss
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mixers.artefacts import find_artefacts
from mixers.distance import RESOLUTIONS, level_matched, stereo_distance
from mixers.loudness import integrated_loudness
from mixers.multitrack import Mix, Multitrack, Samples, Track
from mixers.objective import describe_mix, percentage_errors

RATE_HZ = 44_100


def noise(seed: int, channels: int = 2, seconds: float = 1.0) -> Samples:
    rng = np.random.default_rng(seed)
    wave = 0.1 * rng.standard_normal((channels, round(seconds * RATE_HZ)))
    return wave.astype(np.float32)


def dark(seed: int, seconds: float = 1.0) -> Samples:
    """Noise below 4 kHz, mono."""
    spectrum = np.fft.rfft(noise(seed, 1, seconds))
    spectrum[:, np.fft.rfftfreq(round(seconds * RATE_HZ), 1 / RATE_HZ) > 4_000] = 0
    return np.fft.irfft(spectrum, round(seconds * RATE_HZ)).astype(np.float32)


def test_the_distance_agrees_with_auraloss() -> None:
    sizes, hops, windows = (list(column) for column in zip(*RESOLUTIONS, strict=True))
    reference = auraloss.freq.SumAndDifferenceSTFTLoss(sizes, hops, windows)
    a, b = noise(1), np.float32(0.5) * noise(1) + noise(2)
    expected = float(reference(torch.from_numpy(a)[None], torch.from_numpy(b)[None]))
    assert stereo_distance(a, b) == pytest.approx(expected, rel=1e-3)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), frames=st.integers(1, 3000))
def test_a_distance_is_none_to_itself_and_blind_to_sides(seed: int, frames: int) -> None:
    a, b = noise(seed)[:, :frames], noise(seed + 1)[:, :frames]
    assert stereo_distance(a, a) == 0
    assert stereo_distance(a, b) > 0
    assert stereo_distance(a[::-1], b[::-1]) == pytest.approx(stereo_distance(a, b), rel=1e-4)


def test_level_is_not_compared() -> None:
    a = noise(1)
    soft = level_matched(np.float32(0.01) * a, RATE_HZ)
    assert integrated_loudness(soft, RATE_HZ) == pytest.approx(-23, abs=0.01)
    assert stereo_distance(soft, level_matched(a, RATE_HZ)) < 1e-3
    silence = np.zeros_like(a)
    assert level_matched(silence, RATE_HZ) is silence


def artefacts(samples: Samples, track: Samples) -> dict[str, float]:
    song = Multitrack("s", RATE_HZ, (Track("t", "unknown", track),))
    return asdict(find_artefacts(Mix("m", RATE_HZ, samples.astype(np.float32)), song))


def test_a_clean_mix_has_no_artefacts() -> None:
    track = dark(3)
    clean = artefacts(np.repeat(track, 2, axis=0), track)
    assert (clean["clicks_per_s"], clean["clipped_share"]) == (0, 0)
    assert clean["dc_db"] < -35
    assert clean["excess_high_db"] == pytest.approx(0, abs=0.1)


def test_clicks_are_counted_but_attacks_are_not() -> None:
    track = dark(3)
    mix = np.repeat(track, 2, axis=0)
    mix[0, [5_000, 15_000, 40_000]] += 0.8
    assert artefacts(mix, track)["clicks_per_s"] == pytest.approx(3)
    attack = np.repeat(noise(4, 1), 2, axis=0)
    attack[:, :20_000] = 0
    assert artefacts(attack, track)["clicks_per_s"] == 0


def test_clipping_and_dc_are_found() -> None:
    track = dark(3)
    mix = np.repeat(track, 2, axis=0)
    limit = 0.5 * np.abs(mix).max()
    share = float((np.abs(mix) >= limit).mean())
    clipped = artefacts(np.clip(mix, -limit, limit), track)
    assert 0.7 * share < clipped["clipped_share"] <= share
    assert artefacts(mix + mix.std(), track)["dc_db"] == pytest.approx(-3.01, abs=0.3)


def test_aliasing_is_found_where_the_tracks_have_nothing() -> None:
    track = dark(3)
    mix = np.repeat(track, 2, axis=0)
    mix += 0.01 * np.sin(2 * np.pi * 11_000 * np.arange(RATE_HZ) / RATE_HZ)
    assert artefacts(mix, track)["excess_high_db"] > 30


def test_silence_can_be_measured() -> None:
    silence = np.zeros((2, RATE_HZ), dtype=np.float32)
    found = artefacts(silence, silence[:1])
    assert found == {
        "clicks_per_s": 0,
        "clipped_share": 0,
        "dc_db": -120,
        "excess_high_db": 0,
    }
    features = asdict(describe_mix(silence, RATE_HZ))
    assert set(features.values()) == {0.0, -np.inf}


def test_low_rates_have_fewer_octaves() -> None:
    assert describe_mix(noise(1)[:, :8_000], 8_000).contrast_db > 0


def test_features_of_a_tone_are_where_it_is() -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1_000 * np.arange(2 * RATE_HZ) / RATE_HZ)
    left = describe_mix(np.stack([tone, 0 * tone]).astype(np.float32), RATE_HZ)
    both = describe_mix(np.stack([tone, tone]).astype(np.float32), RATE_HZ)
    assert both.centroid_hz == pytest.approx(1_000, rel=0.01)
    assert both.rolloff_hz == pytest.approx(1_000, rel=0.03)
    assert both.crest_db == pytest.approx(3.01, abs=0.05)
    assert both.panning_rms == pytest.approx(0, abs=1e-4)
    assert both.flatness == pytest.approx(0, abs=1e-3)
    assert left.panning_mid_rms == pytest.approx(1, abs=0.01)
    assert both.dynamic_spread_db < 0.1
    errors = percentage_errors(left, both)
    assert errors["centroid_hz"] < 0.1
    assert errors["rms_db"] > 10
    assert "panning_rms" not in errors
