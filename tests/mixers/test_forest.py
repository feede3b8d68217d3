"""The forest mixes any number of tracks at any level, in any order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from mixers.forest import INPUT_NAMES, Forest, describe_song, learn_from
from mixers.multitrack import Multitrack, Samples, Track
from mixers.reverse import recover_gains

RATE_HZ = 44_100


def song(count: int, seconds: float = 2.0, seed: int = 0) -> Multitrack:
    rng = np.random.default_rng(seed)
    frames = round(seconds * RATE_HZ)
    return Multitrack(
        "song",
        RATE_HZ,
        tuple(
            Track(f"t{n}", "unknown", _coloured(rng, frames, 2 ** rng.uniform(-8, -1)))
            for n in range(count)
        ),
    )


def _coloured(rng: np.random.Generator, frames: int, smoothing: float) -> Samples:
    spectrum = np.fft.rfft(rng.standard_normal((1, frames)))
    spectrum /= 1 + (np.linspace(0, 1, spectrum.shape[1]) / smoothing) ** 2
    wave = np.fft.irfft(spectrum, frames)
    return (0.1 * wave / wave.std()).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 64])
def test_any_number_of_tracks_is_mixed(count: int) -> None:
    multitrack = song(count, 0.5)
    strips = Forest().settings(multitrack).tracks
    assert [strip.track for strip in strips] == [track.name for track in multitrack.tracks]
    assert np.isfinite(Forest().mix(multitrack, 0).samples).all()


def test_neither_order_nor_recorded_level_matters() -> None:
    multitrack = song(5)
    louder = tuple(
        replace(track, samples=np.float32(2.0**n) * track.samples)
        for n, track in enumerate(multitrack.tracks)
    )
    plain = {strip.track: strip.gain_db for strip in Forest().settings(multitrack).tracks}
    turned = Forest().settings(replace(multitrack, tracks=louder[::-1])).tracks
    for n, name in enumerate(plain):
        (strip,) = (strip for strip in turned if strip.track == name)
        assert strip.gain_db == pytest.approx(plain[name] - 20 * np.log10(2.0**n), abs=0.05)


def test_identical_tracks_get_identical_levels_and_silent_ones_stay() -> None:
    one = song(1).tracks[0]
    twin, silent = replace(one, name="twin"), Track("silent", "kick", 0 * one.samples)
    strips = Forest().settings(Multitrack("s", RATE_HZ, (one, twin, silent))).tracks
    assert strips[0].gain_db == strips[1].gain_db
    assert (strips[2].gain_db, strips[2].pan) == (0.0, 0.0)


def test_pairs_keep_their_sides() -> None:
    tracks = song(4).tracks
    names = ("oh_R", "guitar", "oh_L", "keys")
    named = tuple(replace(t, name=name) for t, name in zip(tracks, names, strict=True))
    pans = {s.track: s.pan for s in Forest().settings(Multitrack("s", RATE_HZ, named)).tracks}
    assert pans["oh_L"] <= 0 <= pans["oh_R"]
    assert pans["guitar"] <= 0 <= pans["keys"]


def test_what_was_mixed_is_what_is_learnt() -> None:
    multitrack = song(4)
    levels_db = np.array([0.0, -6.0, 3.0, -9.0])
    pans = (-0.8, 0.0, 0.4, 0.0)
    mix = np.zeros((2, multitrack.frames))
    for track, level_db, pan in zip(multitrack.tracks, levels_db, pans, strict=True):
        angle = (pan + 1) * np.pi / 4
        mix += 10 ** (level_db / 20) * np.outer([np.cos(angle), np.sin(angle)], track.samples[0])
    example = learn_from(multitrack, mix.astype(np.float32), "song")
    heard, inputs = describe_song(multitrack)
    np.testing.assert_array_equal(example.inputs, inputs)
    assert inputs.shape == (4, len(INPUT_NAMES))
    assert heard.all()
    np.testing.assert_allclose(example.outputs[:, 1], np.abs(pans), atol=0.02)
    found = recover_gains(multitrack, mix.astype(np.float32)).settings.tracks
    np.testing.assert_allclose([strip.gain_db for strip in found], levels_db, atol=0.05)


def test_levels_of_an_equalised_mix_are_recovered_better_above_1_khz() -> None:
    multitrack = song(3)
    cut = signal.butter(2, 200, "highpass", fs=RATE_HZ, output="sos")
    mix = np.repeat(
        sum(signal.sosfilt(cut, track.samples) for track in multitrack.tracks), 2, axis=0
    ).astype(np.float32)
    errors = [
        max(
            abs(strip.gain_db - 3.01)
            for strip in recover_gains(multitrack, mix, hz).settings.tracks
        )
        for hz in (None, 1_000.0)
    ]
    assert errors[1] < min(1.0, 0.1 * errors[0])
    with pytest.raises(ValueError, match="above_hz is 30000"):
        recover_gains(multitrack, mix, 30_000.0)


def test_a_tree_that_leads_out_of_itself_is_refused(tmp_path: Path) -> None:
    forest = Forest()
    forest.settings(song(1, 0.5))
    forest.save(tmp_path / "sound.skops")
    tree = forest.forest_.estimators_[0].tree_
    branch = int(np.flatnonzero(tree.children_left != -1)[0])
    tree.children_right[branch] = tree.node_count
    forest.save(tmp_path / "broken.skops")
    assert Forest(tmp_path / "sound.skops").settings(song(1, 0.5)).tracks
    with pytest.raises(ValueError, match=r"broken\.skops is no forest"):
        Forest(tmp_path / "broken.skops").settings(song(1, 0.5))


def test_a_forest_needs_examples() -> None:
    with pytest.raises(ValueError, match="no song"):
        Forest().fit([], 0)
