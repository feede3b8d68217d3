"""The console against pedalboard and scipy, and the promises of its settings."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from mixers.console import pan_gains, render
from mixers.cookbook import biquad
from mixers.dynamics import Dynamics
from mixers.loudness import true_peak
from mixers.multitrack import Multitrack, Samples, Track
from mixers.settings import (
    BusSettings,
    Compressor,
    EqBand,
    EqKind,
    PanLaw,
    Reverb,
    Settings,
    TrackSettings,
)

RATE_HZ = 44_100
KINDS: tuple[EqKind, ...] = get_args(EqKind)


@pytest.fixture
def song() -> Multitrack:
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((3, RATE_HZ)).astype(np.float32) * np.float32(0.1)
    return Multitrack(
        "noise", RATE_HZ, (Track("a", "bass", noise[:1]), Track("b", "pad", noise[1:]))
    )


def test_a_linear_mix_is_the_sum_of_panned_tracks(song: Multitrack) -> None:
    strips = (TrackSettings("a", gain_db=-6, polarity=-1, pan=0.5), TrackSettings("b", pan=-1))
    mix = render(song, Settings(strips))
    a, b = (track.samples for track in song.tracks)
    gain = -(10 ** (-6 / 20))
    left = gain * np.cos(0.75 * np.pi / 2) * a[0] + b[0]
    right = gain * np.sin(0.75 * np.pi / 2) * a[0]
    np.testing.assert_allclose(mix.samples, [left, right], atol=1e-6)


@pytest.mark.parametrize(
    ("law", "centre_db"), [("constant_power", -3.01), ("linear", -6.02), ("compromise", -4.52)]
)
def test_pan_laws_lower_the_centre_as_they_say(law: PanLaw, centre_db: float) -> None:
    assert 20 * np.log10(pan_gains(0.0, law)) == pytest.approx([centre_db] * 2, abs=0.01)
    assert pan_gains(-1.0, law) == pytest.approx([1, 0], abs=1e-7)
    assert pan_gains(0.3, law) == pytest.approx(pan_gains(-0.3, law)[::-1])


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("low_shelf", "LowShelfFilter"),
        ("high_shelf", "HighShelfFilter"),
        ("peak", "PeakFilter"),
    ],
)
@pytest.mark.parametrize("gain_db", [-9.0, 6.0])
def test_filters_agree_with_pedalboard(kind: EqKind, name: str, gain_db: float) -> None:
    pedalboard = pytest.importorskip("pedalboard")
    noise = np.random.default_rng(2).standard_normal((1, RATE_HZ)).astype(np.float32)
    theirs = getattr(pedalboard, name)(1200, gain_db, 0.9)(noise, RATE_HZ)
    ours = signal.lfilter(*_transfer(EqBand(kind, 1200, gain_db, 0.9)), noise)
    assert np.linalg.norm(ours - theirs) < 1e-3 * np.linalg.norm(theirs)


SIX = (
    EqBand("high_pass", 35),
    EqBand("low_shelf", 110, 4),
    EqBand("peak", 300, -5, 1.2),
    EqBand("peak", 1200, 3, 3),
    EqBand("peak", 5000, -2, 0.5),
    EqBand("high_shelf", 11_000, 6),
)


@pytest.mark.parametrize("bands", range(7))
def test_a_chain_of_filters_agrees_with_scipy(song: Multitrack, bands: int) -> None:
    strips = (TrackSettings("a", 6.0, eq=SIX[:bands], pan=-1), TrackSettings("b", -96))
    mix = render(song, Settings(strips)).samples[0]
    sos = [np.insert(biquad(band, RATE_HZ), 3, 1.0) for band in SIX[:bands]]
    wanted = song.tracks[0].samples[0].astype(np.float64) * 10 ** (6 / 20)
    if sos:
        wanted = signal.sosfilt(np.array(sos), wanted)
    rest = 10 ** (-96 / 20) / np.sqrt(2) * song.tracks[1].samples[0]
    assert np.linalg.norm(mix - wanted - rest) < 1e-6 * np.linalg.norm(wanted)


def test_a_chain_of_filters_agrees_with_pedalboard(song: Multitrack) -> None:
    pedalboard = pytest.importorskip("pedalboard")
    peers = {
        "low_shelf": pedalboard.LowShelfFilter,
        "peak": pedalboard.PeakFilter,
        "high_shelf": pedalboard.HighShelfFilter,
    }
    board = pedalboard.Pedalboard(
        [peers[band.kind](band.frequency_hz, band.gain_db, band.q) for band in SIX[1:]]
    )
    one = Multitrack("one", RATE_HZ, song.tracks[:1])
    ours = render(one, Settings((TrackSettings("a", eq=SIX[1:], pan=-1),))).samples[0]
    theirs = board(song.tracks[0].samples, RATE_HZ)[0]
    assert np.linalg.norm(ours - theirs) < 1e-3 * np.linalg.norm(theirs)


def test_a_high_pass_is_3_db_down_at_its_frequency() -> None:
    _, response = signal.freqz(*_transfer(EqBand("high_pass", 100)), [10, 100, 5000], fs=RATE_HZ)
    assert 20 * np.log10(np.abs(response)) == pytest.approx([-40, -3.01, 0], abs=0.05)


@pytest.mark.parametrize("ratio", [2.0, 4.0, 20.0])
def test_a_steady_level_is_compressed_by_the_ratio(ratio: float) -> None:
    steady = np.full((1, RATE_HZ), 10 ** (-10 / 20), dtype=np.float32)
    settings = Compressor(threshold_db=-30, ratio=ratio, attack_ms=5, release_ms=50, makeup_db=2)
    out_db = 20 * np.log10(Dynamics(settings, RATE_HZ).process(steady, steady)[0, -1])
    assert out_db == pytest.approx(-30 + 20 / ratio + 2, abs=0.01)


def test_a_side_chain_ducks_one_track_under_another(song: Multitrack) -> None:
    ducked = TrackSettings("b", compressor=Compressor(-60, 10, sidechain="a"))
    plain, under = (
        render(song, Settings((TrackSettings("a", gain_db=-96 + 90), strip))).samples
        for strip in (TrackSettings("b"), ducked)
    )
    assert np.linalg.norm(under) < 0.9 * np.linalg.norm(plain)


def test_the_room_dies_away_as_long_as_it_says() -> None:
    click = np.zeros((1, 2 * RATE_HZ), dtype=np.float32)
    click[0, 0] = 0.5
    song = Multitrack("click", RATE_HZ, (Track("a", "snare", click),))
    bus = BusSettings(reverb=Reverb(decay_s=1.0, predelay_ms=20))
    wet = render(song, Settings((TrackSettings("a", send_db=0.0),), bus)).samples[:, 1:]
    assert np.abs(wet[:, : round(0.019 * RATE_HZ)]).max() < 1e-8
    energy = np.cumsum((wet**2).sum(0)[::-1])[::-1]
    decay_db = 10 * np.log10(energy[RATE_HZ // 2] / energy[0])
    assert -37 < decay_db < -26


def test_silence_stays_silent_and_bytes_stay_the_same(song: Multitrack) -> None:
    full = TrackSettings(
        "a", 3.0, -1, (EqBand("peak", 500, 3),), Compressor(-20, 3), Reverb(), 0.2, -6.0
    )
    bus = BusSettings(Reverb(), 1.0, -1.0)
    settings = Settings((full, TrackSettings("b")), bus)
    silent = Multitrack(
        "s", RATE_HZ, tuple(Track(t.name, t.role, t.samples * 0) for t in song.tracks)
    )
    assert not render(silent, settings).samples.any()
    assert render(song, settings).samples.tobytes() == render(song, settings).samples.tobytes()


def test_settings_of_another_song_are_refused(song: Multitrack) -> None:
    with pytest.raises(ValueError, match="no strip for b"):
        render(song, Settings((TrackSettings("a"),)))
    with pytest.raises(ValueError, match="no track for c"):
        render(song, Settings(tuple(TrackSettings(name) for name in "abc")))


def _transfer(band: EqBand) -> tuple[list[float], list[float]]:
    """Numerator and denominator."""
    b0, b1, b2, a1, a2 = biquad(band, RATE_HZ)
    return [b0, b1, b2], [1.0, a1, a2]


EVERYTHING = {
    "eq": SIX,
    "compressor": Compressor(-30, 6),
    "reverb": Reverb(0.3),
    "send_db": -6.0,
}


def noises(count: int, frames: int = RATE_HZ // 4) -> list[Samples]:
    rng = np.random.default_rng(9)
    return [(0.1 * rng.standard_normal((1, frames))).astype(np.float32) for _ in range(count)]


def through_everything(sounds: list[Samples]) -> Samples:
    tracks = tuple(Track(f"t{i}", "unknown", x) for i, x in enumerate(sounds))
    strips = tuple(TrackSettings(track.name, **EVERYTHING) for track in tracks)
    settings = Settings(strips, BusSettings(Reverb(), 0.0, -1.0))
    return render(Multitrack("hard", RATE_HZ, tracks), settings).samples


@pytest.mark.parametrize("count", [1, 64])
def test_any_number_of_tracks_is_mixed(count: int) -> None:
    mix = through_everything(noises(count))
    assert np.isfinite(mix).all()
    assert true_peak(mix, RATE_HZ) < -0.9


def test_a_silent_track_adds_nothing() -> None:
    sounds = noises(2)
    np.testing.assert_array_equal(
        through_everything([*sounds, np.zeros_like(sounds[0])]), through_everything(sounds)
    )


def test_opposite_polarity_cancels_to_nothing() -> None:
    sound = noises(1)[0]
    assert not through_everything([sound, -sound]).any()


@pytest.mark.parametrize("rate_hz", [8_000, 384_000])
def test_filters_beyond_the_sample_rate_stay_finite(rate_hz: int) -> None:
    high = tuple(EqBand(kind, 20_000, 0.0 if kind == "high_pass" else 12.0) for kind in KINDS)
    low = tuple(EqBand(kind, 10, 0.0 if kind == "high_pass" else -24.0, 10) for kind in KINDS)
    song = Multitrack("r", rate_hz, (Track("a", "bass", noises(1)[0]),))
    for eq in (high, low):
        assert np.isfinite(render(song, Settings((TrackSettings("a", eq=eq),))).samples).all()


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_gain_comes_before_everything_linear(data: st.DataObject) -> None:
    gain_db = data.draw(st.floats(-40, 20))
    strip = TrackSettings("a", eq=SIX, reverb=Reverb(0.2), pan=0.3, send_db=-6)
    song = Multitrack("g", RATE_HZ, (Track("a", "bass", noises(1)[0]),))
    plain, louder = (
        render(song, Settings((replace(strip, gain_db=level),), BusSettings(Reverb()))).samples
        for level in (0.0, gain_db)
    )
    np.testing.assert_allclose(louder, plain * 10 ** (gain_db / 20), rtol=1e-3, atol=1e-6)


@given(st.permutations(range(5)))
@settings(max_examples=10, deadline=None)
def test_the_order_of_tracks_and_strips_does_not_matter(order: list[int]) -> None:
    tracks = [Track(f"t{i}", "unknown", x) for i, x in enumerate(noises(5, 3000))]
    strips = [
        TrackSettings(f"t{i}", pan=i / 5, compressor=Compressor(-40, 4, sidechain="t0"))
        for i in range(5)
    ]
    plain = render(Multitrack("o", RATE_HZ, tuple(tracks)), Settings(tuple(strips))).samples
    turned = render(
        Multitrack("o", RATE_HZ, tuple(tracks[i] for i in order)),
        Settings(tuple(strips[i] for i in reversed(order))),
    ).samples
    np.testing.assert_allclose(turned, plain, atol=1e-6)
