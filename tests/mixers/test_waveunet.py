"""The Wave-U-Net: its shape, its windows, its artefacts, and what it refuses."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal
from torch.nn.functional import conv_transpose1d, interpolate

from mixers.checkpoints import Header, save_weights
from mixers.multitrack import Multitrack, Samples, Track
from mixers.waveunet import (
    ARCHITECTURE,
    UP_KERNEL,
    Linear,
    Transposed,
    Upsampling,
    WaveUNet,
    WaveUNetConfig,
    WaveUNetMixer,
    input_places,
    mix_song,
)

DRUMS = ("hi-hat", "kick", "overhead_L", "overhead_R", "snare", "tom_1", "tom_2", "tom_3")
TINY = WaveUNetConfig(("kick", "snare", "hats"), levels=4, filters=3)


def network(config: WaveUNetConfig = TINY, seed: int = 0) -> WaveUNet:
    torch.manual_seed(seed)
    return WaveUNet(config).eval()


def noise(channels: int, frames: int, seed: int = 0) -> Samples:
    rng = np.random.default_rng(seed)
    return (0.3 * rng.standard_normal((channels, frames))).astype(np.float32)


def song(names: tuple[str, ...], frames: int, rate_hz: int = 44_100, seed: int = 0) -> Multitrack:
    tracks = noise(len(names), frames, seed)
    each = (Track(n, "unknown", t[None]) for n, t in zip(names, tracks, strict=True))
    return Multitrack("song", rate_hz, tuple(each))


@pytest.fixture
def mixer(tmp_path: Path) -> WaveUNetMixer:
    path = tmp_path / "weights"
    header = Header(ARCHITECTURE, asdict(TINY), {"songs": ["one"]})
    save_weights(path, network().state_dict(), header)
    return WaveUNetMixer(path)


def test_the_authors_network_has_about_six_million_parameters() -> None:
    parameters = sum(p.numel() for p in WaveUNet(WaveUNetConfig(DRUMS)).parameters())
    assert parameters == pytest.approx(6.2e6, rel=0.01)


@pytest.mark.parametrize("upsampling", ["linear", "transposed"])
@pytest.mark.parametrize("levels", [1, 3, 5])
def test_shapes(levels: int, upsampling: Upsampling) -> None:
    net = network(replace(TINY, levels=levels, upsampling=upsampling))
    frames = net.input_frames(500)
    assert 500 <= frames - 2 * net.context < 500 + net.grid
    assert net(torch.zeros(2, 3, frames)).shape == (2, 2, frames - 2 * net.context)
    with pytest.raises(ValueError, match="wants 3 of n"):
        net(torch.zeros(2, 3, frames + 1))
    with pytest.raises(ValueError, match="4 tracks"):
        net(torch.zeros(2, 4, frames))


def test_upsampling_is_that_of_torch() -> None:
    x = torch.randn(2, 3, 17)
    expected = interpolate(x, size=33, mode="linear", align_corners=True)
    torch.testing.assert_close(Linear()(x[:, :, None])[:, :, 0], expected, atol=1e-6, rtol=0)


def test_transposed_upsampling_is_that_of_torch() -> None:
    x, layer = torch.randn(2, 3, 17), Transposed(3)
    expected = conv_transpose1d(x, layer.weight, layer.bias, stride=2, padding=1)
    torch.testing.assert_close(layer(x[:, :, None])[:, :, 0], expected, atol=1e-6, rtol=0)
    assert expected.shape[-1] == 33


def test_an_output_knows_its_context_alone() -> None:
    net = network()
    tracks = torch.randn(1, 3, net.input_frames(100), requires_grad=True)
    outputs = net(tracks)
    middle = outputs.shape[-1] // 2
    torch.autograd.backward(outputs[0, :, middle].sum())
    assert tracks.grad is not None
    reached = tracks.grad.abs().sum(dim=(0, 1)).nonzero()[:, 0] - net.context - middle
    assert reached.min() == pytest.approx(-net.context, abs=UP_KERNEL)
    assert reached.max() == pytest.approx(net.context, abs=UP_KERNEL)
    assert net.context == 16 * net.grid - 9


@settings(max_examples=12)
@given(
    frames=st.integers(1, 700),
    window=st.integers(1, 400),
    at_once=st.integers(1, 4),
    upsampling=st.sampled_from(["linear", "transposed"]),
)
def test_windows_equal_one_long_pass(
    frames: int, window: int, at_once: int, upsampling: Upsampling
) -> None:
    net = network(replace(TINY, upsampling=upsampling))
    tracks = noise(3, frames)
    beside = net.input_frames(frames) - frames - net.context
    padded = np.pad(tracks, ((0, 0), (net.context, beside)))
    with torch.no_grad():
        expected = net(torch.from_numpy(padded)[None])[0, :, :frames].numpy()
    np.testing.assert_allclose(mix_song(net, tracks, window, at_once), expected, atol=2e-6)


def tones_db(upsampling: Upsampling, seed: int) -> float:
    """By how much the loudest of fs/2, fs/4, … fs/32 rises above its surroundings in the mix.

    The network is fresh, the input the noise of a quiet room; what is tonal the network has made.
    """
    net = network(replace(TINY, levels=5, filters=8, upsampling=upsampling), seed)
    frequencies, density = signal.welch(
        mix_song(net, 1e-3 * noise(3, 60_000, seed))[0], nperseg=2048, detrend=False
    )
    density_db = 10 * np.log10(density)
    rises = []
    for halvings in range(1, 6):
        place = int(np.argmin(np.abs(frequencies - 0.5**halvings)))
        around = np.abs(np.arange(len(density_db)) - place)
        rises.append(density_db[place] - np.median(density_db[(around > 4) & (around < 40)]))
    return float(max(rises))


@pytest.mark.parametrize("seed", range(3))
def test_transposed_convolutions_sing_and_linear_upsampling_does_not(seed: int) -> None:
    assert tones_db("transposed", seed) > 20
    assert tones_db("linear", seed) < 3


def test_added_tracks_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"no input for cowbell.*exactly 3 tracks.*kick, snare"):
        input_places(("kick", "cowbell"), TINY.tracks)


def test_permuted_tracks_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"snare, kick.*only by their order.*kick, snare, hats"):
        input_places(("snare", "kick"), TINY.tracks)


def test_missing_tracks_are_silent_inputs(mixer: WaveUNetMixer) -> None:
    whole = song(TINY.tracks, 5_000)
    kick, snare, hats = whole.tracks
    muted = replace(whole, tracks=(kick, replace(snare, samples=0 * snare.samples), hats))
    without = replace(whole, tracks=(kick, hats))
    expected = mixer.mix(muted, 0).samples
    np.testing.assert_array_equal(mixer.mix(without, 0).samples, expected)
    assert not np.array_equal(mixer.mix(whole, 0).samples, expected)


@pytest.mark.parametrize("names", [DRUMS, ("bass", "guitar")])
def test_the_network_that_ships_for_these_tracks_mixes_them(names: tuple[str, ...]) -> None:
    assert WaveUNetMixer().mix(song(names, 4_410), 0).samples.any()


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 22_050])
@pytest.mark.parametrize("frames", [1, 3_000, 3_001])
def test_a_mix_keeps_length_and_rate(mixer: WaveUNetMixer, rate_hz: int, frames: int) -> None:
    multitrack = song(TINY.tracks, frames, rate_hz)
    mix = mixer.mix(multitrack, 0)
    assert mix.samples.shape == (2, frames)
    assert mix.sample_rate_hz == rate_hz
    assert np.abs(mix.samples).max() <= 1
    assert mixer.mix(multitrack, 1).samples.tobytes() == mix.samples.tobytes()
    assert mixer.songs_ == ("one",)
    silent = tuple(replace(t, samples=0 * t.samples) for t in multitrack.tracks)
    assert not mixer.mix(replace(multitrack, tracks=silent), 0).samples.any()


def test_stereo_tracks_become_mono(mixer: WaveUNetMixer) -> None:
    mono = song(("kick",), 2_000)
    twice = Track("kick", "unknown", np.repeat(mono.tracks[0].samples, 2, axis=0))
    np.testing.assert_allclose(
        mixer.mix(replace(mono, tracks=(twice,)), 0).samples, mixer.mix(mono, 0).samples, atol=1e-6
    )


def test_what_is_no_wave_u_net_is_refused(tmp_path: Path, mixer: WaveUNetMixer) -> None:
    tensors = network(replace(TINY, filters=2)).state_dict()
    save_weights(tmp_path / "other", tensors, Header(ARCHITECTURE, asdict(TINY)))
    with pytest.raises(ValueError, match="does not fit the network"):
        WaveUNetMixer(tmp_path / "other").mix(song(("kick",), 100), 0)
    save_weights(tmp_path / "dmc", tensors, Header("dmc", {}))
    with pytest.raises(ValueError, match="weights of dmc"):
        WaveUNetMixer(tmp_path / "dmc").mix(song(("kick",), 100), 0)
    with pytest.raises(ValueError, match="linear or transposed"):
        WaveUNetConfig(("kick",), upsampling="cubic")  # type: ignore[arg-type]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_cuda_agrees_with_the_cpu() -> None:
    net = network()
    tracks = noise(3, 5_000)
    expected = mix_song(net, tracks)
    np.testing.assert_allclose(mix_song(net.cuda(), tracks), expected, atol=1e-4)
