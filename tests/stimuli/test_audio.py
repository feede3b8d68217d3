"""Every kind of sound file is read as it is, or refused with its name and what is wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stimuli.audio import probe, read, resample, write_wav
from stimuli.audio import write_sound as write_sound_file

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]

# suffix, subtype, the largest error that storing 0.1 RMS of noise in it may make
LOSSLESS = [
    ("wav", "PCM_U8", 2**-7),
    ("wav", "PCM_16", 2**-15),
    ("wav", "PCM_24", 2**-23),
    ("wav", "PCM_32", 2**-23),
    ("wav", "FLOAT", 0.0),
    ("flac", "PCM_16", 2**-15),
    ("flac", "PCM_24", 2**-23),
    ("aiff", "PCM_16", 2**-15),
    ("aiff", "PCM_24", 2**-23),
]
LOSSY = [("ogg", "VORBIS"), ("mp3", "MPEG_LAYER_III")]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("suffix", "subtype", "error"), LOSSLESS)
def test_lossless_files_give_their_samples_back(
    tmp_path: Path, noise: Noise, write_sound: Write, suffix: str, subtype: str, error: float,
    channels: int,
) -> None:  # fmt: skip
    stored = noise(channels=channels)
    samples, rate_hz = read(write_sound(tmp_path / f"a.{suffix}", stored, 44_100, subtype))
    assert (samples.shape, samples.dtype, rate_hz) == (stored.shape, np.float32, 44_100)
    assert np.abs(samples - stored).max() <= error


@pytest.mark.parametrize(("suffix", "subtype"), LOSSY)
def test_lossy_files_sound_like_what_was_stored(
    tmp_path: Path, noise: Noise, write_sound: Write, suffix: str, subtype: str
) -> None:
    stored = noise(2.0, channels=2)
    samples, _ = read(write_sound(tmp_path / f"a.{suffix}", stored, 44_100, subtype))
    length = min(stored.shape[1], samples.shape[1])
    assert np.corrcoef(stored[0, :length], samples[0, :length])[0, 1] > 0.9


@pytest.mark.parametrize("rate_hz", [22_050, 32_000, 44_100, 48_000, 88_200, 96_000])
def test_the_rate_is_the_files(
    tmp_path: Path, noise: Noise, write_sound: Write, rate_hz: int
) -> None:
    info = probe(write_sound(tmp_path / "a.wav", noise(0.5, rate_hz), rate_hz))
    assert (info.sample_rate_hz, info.duration_s) == (rate_hz, 0.5)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_stretch_equals_that_part_of_the_whole(
    tmp_path: Path, noise: Noise, write_sound: Write, suffix: str
) -> None:
    path = write_sound(tmp_path / f"a.{suffix}", noise(2.0, channels=2))
    whole, rate_hz = read(path)
    part, _ = read(path, start_s=0.7, duration_s=0.5)
    start = round(0.7 * rate_hz)
    np.testing.assert_array_equal(part, whole[:, start : start + part.shape[1]])


@pytest.mark.parametrize("name", ["horns.mp3", "bassguitar.mp3"])
def test_an_mp3_without_a_stated_length_is_counted(band: Path, name: str) -> None:
    # Their headers make libsndfile guess half a second too much.
    samples, _ = read(band / name)
    assert probe(band / name).frames == samples.shape[1] < soundfile.info(band / name).frames


def test_an_mp3_above_full_scale_keeps_its_peaks(band: Path) -> None:
    samples, _ = read(band / "horns.mp3")
    assert 1.1 < np.abs(samples).max() < 1.2


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("not a sound at all\n" * 50)


def _no_frames(path: Path) -> None:
    soundfile.write(path, np.zeros((0, 1)), 44_100)


def _nan(path: Path) -> None:
    soundfile.write(path, np.array([0.0, np.nan, 0.1, np.inf]), 44_100, subtype="FLOAT")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (_empty, "is empty"),
        (_text, "is no sound file"),
        (_no_frames, "holds no sound"),
        (_nan, "holds 2 samples that are NaN or infinite"),
    ],
)
def test_what_cannot_be_played_is_refused(
    tmp_path: Path, make: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / "bad.wav"
    make(path)
    with pytest.raises(ValueError, match=rf"bad\.wav {message}"):
        read(path)


@pytest.mark.parametrize("suffix", ["wav", "aiff", "flac", "ogg", "mp3"])
def test_a_file_that_breaks_off_is_refused(
    tmp_path: Path, noise: Noise, write_sound: Write, suffix: str
) -> None:
    path = write_sound(tmp_path / f"cut.{suffix}", noise(2.0, channels=2))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(ValueError, match=rf"cut\.{suffix} breaks off"):
        read(path)


def test_a_missing_file_is_no_value_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no file .*gone\.wav"):
        probe(tmp_path / "gone.wav")


def test_a_name_that_is_no_text_is_said_to_be(tmp_path: Path) -> None:
    sound = tmp_path / "bass.wav"
    soundfile.write(sound, np.zeros(10), 44_100)
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/b\xe9ss.wav"))
    try:
        sound.rename(odd)
    except OSError:
        pytest.skip("this file system refuses such names itself")
    with pytest.raises(ValueError, match=r"b.udce9ss\.wav.* is not UTF-8.* rename it"):
        read(odd)


def test_what_is_written_is_a_plain_header_and_the_samples(tmp_path: Path, noise: Noise) -> None:
    samples = noise(0.25, channels=2)
    write_wav(tmp_path / "a.wav", samples, 44_100)
    content = (tmp_path / "a.wav").read_bytes()
    assert (content[:4], content[36:40]) == (b"RIFF", b"data")
    assert len(content) == 44 + 4 * samples.shape[1]
    again, _ = read(tmp_path / "a.wav")
    assert np.abs(again - samples).max() <= 0.5 / 32_768 + 1e-9
    write_wav(tmp_path / "b.wav", again, 44_100)
    assert (tmp_path / "b.wav").read_bytes() == content


def test_dither_is_seeded_and_decorrelates_the_rounding(tmp_path: Path) -> None:
    quiet = np.full((2, 50_000), 0.3 / 32_768, dtype=np.float32)
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_wav(tmp_path / f"{name}.wav", quiet, 44_100, seed=seed)
    a, b, c = ((tmp_path / f"{name}.wav").read_bytes() for name in "abc")
    assert a == b != c
    # Without dither, 0.3 of a step would vanish; with it, the mean survives.
    assert read(tmp_path / "a.wav")[0].mean() * 32_768 == pytest.approx(0.3, abs=0.02)


def test_dither_leaves_silence_silent(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros((2, 1_000), dtype=np.float32), 44_100, seed=1)
    assert not read(tmp_path / "a.wav")[0].any()


@pytest.mark.parametrize("peak", [1.01, np.nan])
def test_nothing_above_full_scale_is_written(tmp_path: Path, peak: float) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(b"what was there")
    with pytest.raises(ValueError, match="exceeds full scale"):
        write_wav(path, np.array([[peak, 0.0]], dtype=np.float32), 44_100)
    assert path.read_bytes() == b"what was there"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("from_hz", [22_050, 48_000, 96_000])
def test_resampling_keeps_place_and_level(noise: Noise, from_hz: int) -> None:
    frequency_hz = 997.0
    before = np.sin(2 * np.pi * frequency_hz * np.arange(from_hz) / from_hz)[None]
    after = resample(before.astype(np.float32), from_hz, 44_100)
    expected = np.sin(2 * np.pi * frequency_hz * np.arange(44_100) / 44_100)
    assert after.shape == (1, 44_100)
    np.testing.assert_allclose(after[0, 2_000:-2_000], expected[2_000:-2_000], atol=1e-4)


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(96_000, 8_000), (192_000, 44_100), (8_000, 48_000)]
)
def test_however_short_a_sound_it_is_there_at_another_rate(
    frames: int, from_hz: int, to_hz: int
) -> None:
    short = np.ones((2, frames), dtype=np.float32)
    resampled = resample(short, from_hz, to_hz)
    assert resampled.shape == (2, max(1, round(frames * to_hz / from_hz)))
    assert resampled.dtype == np.float32


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize("bits", [16, 24])
def test_what_is_written_is_what_was_given(
    tmp_path: Path, noise: Noise, suffix: str, bits: Literal[16, 24]
) -> None:
    path = tmp_path / f"a{suffix}"
    sound = noise(channels=2)
    write_sound_file(path, sound, 44_100, seed=1, bits=bits)
    assert probe(path).subtype == f"PCM_{bits}"
    assert np.abs(read(path)[0] - sound).max() <= 1.6 * 2.0 ** (1 - bits)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    if suffix == ".wav":
        assert path.stat().st_size == 44 + sound.size * bits // 8


def test_a_small_file_of_long_silence_is_not_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stimuli.audio.MOST_SAMPLES", 2**22)
    path = tmp_path / "bomb.flac"
    soundfile.write(path, np.zeros((530_000, 8), dtype=np.int16), 48_000, subtype="PCM_16")
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match=r"11 s in 8 channels .*cut a shorter stretch out of it"):
        read(path)
    assert read(path, start_s=10.0, duration_s=1.0)[0].shape == (8, 48_000)
