"""Least squares finds the gains, pans and filters that a mix was made with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from mixers.multitrack import Multitrack, Samples, Track
from mixers.reverse import recover_filters, recover_gains

RATE_HZ = 22_050
FRAMES = RATE_HZ * 3


def song(seed: int = 1, count: int = 5, channels: int = 1, quietest_db: float = -60) -> Multitrack:
    rng = np.random.default_rng(seed)
    levels = 10 ** (rng.uniform(quietest_db, 0, count) / 20)
    return Multitrack(
        "song",
        RATE_HZ,
        tuple(
            Track(
                f"t{i}",
                "unknown",
                (levels[i] * rng.standard_normal((channels, FRAMES))).astype(np.float32),
            )
            for i in range(count)
        ),
    )


def static_mix(multitrack: Multitrack, left: list[float], right: list[float]) -> Samples:
    return np.stack(
        [
            sum(
                factor * track.samples[min(c, len(track.samples) - 1)]
                for factor, track in zip(factors, multitrack.tracks, strict=True)
            )
            for c, factors in enumerate((left, right))
        ]
    ).astype(np.float32)


@settings(max_examples=15, deadline=None)
@given(
    gains_db=st.lists(st.floats(-30, 12), min_size=5, max_size=5),
    pans=st.lists(st.floats(-1, 1), min_size=5, max_size=5),
)
def test_gain_and_pan_of_a_linear_mix_are_recovered(
    gains_db: list[float], pans: list[float]
) -> None:
    multitrack = song()
    amplitude = 10 ** (np.array(gains_db) / 20)
    angle = (np.array(pans) + 1) * np.pi / 4
    mix = static_mix(multitrack, list(amplitude * np.cos(angle)), list(amplitude * np.sin(angle)))
    found = recover_gains(multitrack, mix)
    # The mix is rounded to float32, so what is 90 dB down in it is recovered less exactly.
    assert [s.gain_db for s in found.settings.tracks] == pytest.approx(gains_db, abs=0.05)
    assert [s.pan for s in found.settings.tracks] == pytest.approx(pans, abs=0.01)
    assert found.residual_db < -100


def test_what_a_linear_mix_cannot_explain_is_reported_as_residual() -> None:
    multitrack = song(count=2)
    mix = static_mix(multitrack, [1.0, 0.0], [1.0, 0.0])
    noise = np.random.default_rng(5).standard_normal(mix.shape).astype(np.float32)
    noise *= np.sqrt(0.1 * np.mean(mix**2) / np.mean(noise**2))
    residual_db = recover_gains(multitrack, mix + noise).residual_db
    assert residual_db == pytest.approx(10 * np.log10(0.1 / 1.1), abs=0.2)


def test_stereo_tracks_feed_left_by_left() -> None:
    multitrack = song(channels=2)
    mix = static_mix(multitrack, [0.5, 0, 0.1, 1, 2], [0.5, 1, 0.1, 0, 2])
    found = recover_gains(multitrack, mix)
    assert found.amplitudes == pytest.approx(
        np.array([[0.5, 0, 0.1, 1, 2], [0.5, 1, 0.1, 0, 2]]), abs=1e-3
    )


def test_identical_tracks_share_their_gain() -> None:
    one = song(count=1).tracks[0].samples
    multitrack = Multitrack("twins", RATE_HZ, (Track("a", "x", one), Track("b", "x", one)))
    found = recover_gains(multitrack, np.concatenate([one, one]))
    assert found.amplitudes == pytest.approx(np.full((2, 2), 0.5), abs=1e-3)


def test_a_silent_track_is_undetermined_and_left_alone() -> None:
    sounding = song(count=2)
    silent = Track("silent", "vocals", np.zeros((1, FRAMES), dtype=np.float32))
    multitrack = Multitrack("song", RATE_HZ, (*sounding.tracks, silent))
    found = recover_gains(multitrack, static_mix(multitrack, [1, 1, 1], [1, 1, 1]))
    assert found.undetermined == ("silent",)
    assert (found.settings.tracks[2].gain_db, found.settings.tracks[2].pan) == (0.0, 0.0)


def test_a_track_in_opposite_polarity_is_muted_rather_than_inverted() -> None:
    multitrack = song(count=2)
    found = recover_gains(multitrack, static_mix(multitrack, [1, -1], [1, -1]))
    assert found.amplitudes[:, 1] == pytest.approx(0.0, abs=1e-6)
    assert found.settings.tracks[1].gain_db == -96.0


def test_filters_of_every_track_and_channel_are_recovered() -> None:
    multitrack = song(count=3, quietest_db=-12)
    rng = np.random.default_rng(2)
    responses = rng.standard_normal((2, 3, 40)) * np.exp(-np.arange(40) / 8)
    mix = np.stack(
        [
            sum(
                signal.lfilter(response, [1.0], track.samples[0])
                for response, track in zip(channel, multitrack.tracks, strict=True)
            )
            for channel in responses
        ]
    ).astype(np.float32)
    found = recover_filters(multitrack, mix, taps=64, delay_frames=8)
    assert found.responses[:, :, 8:48] == pytest.approx(responses, abs=1e-3)
    # The mix ends with the tracks, so the tails of the last sounds are missing from it.
    assert found.residual_db < -60


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        (np.ones((2, 100), np.float32), r"shape \(2, 100\)"),
        (np.zeros((2, FRAMES), np.float32), "is silent"),
    ],
)
def test_a_mix_that_cannot_be_explained_is_refused(mix: Samples, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        recover_gains(song(), mix)


def test_more_unknowns_than_memory_are_refused() -> None:
    multitrack = song(count=64)
    with pytest.raises(ValueError, match="32768 unknowns"):
        recover_filters(multitrack, static_mix(multitrack, [1.0] * 64, [1.0] * 64), taps=512)
