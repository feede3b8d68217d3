"""WAV files lose their tags and keep every sample."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from listening import wav


def encode(channels: int, frames: int, subtype: str, tagged: bool) -> tuple[bytes, np.ndarray]:
    samples = np.random.default_rng(frames).uniform(-1, 1, (frames, channels))
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", samplerate=44_100, channels=channels, subtype=subtype, format="WAV"
    ) as sound:
        if tagged:
            sound.title, sound.comment, sound.date = "Target mix", "by a human", "2026"
        sound.write(samples)
    data = file.getvalue()
    return data, soundfile.read(io.BytesIO(data), dtype="int32", always_2d=True)[0]


@pytest.mark.parametrize("tagged", [False, True])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_sound_stays_and_the_tags_go(channels: int, subtype: str, tagged: bool) -> None:
    data, samples = encode(channels, 101, subtype, tagged)
    bare = wav.parse(data).to_bytes()
    assert b"Target" not in bare
    assert bare[36:40] == b"data"
    again = soundfile.read(io.BytesIO(bare), dtype="int32", always_2d=True)[0]
    assert np.array_equal(again, samples)


def test_tags_do_not_change_a_single_byte_of_the_result() -> None:
    plain, tagged = (encode(2, 500, "PCM_16", tags)[0] for tags in (False, True))
    assert plain != tagged
    assert wav.parse(plain).to_bytes() == wav.parse(tagged).to_bytes()


@given(st.binary(max_size=200))
def test_what_is_no_wav_is_refused_with_a_reason(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(is|has|holds) "):
        wav.parse(data)


@given(cut=st.integers(0, 443), flip=st.integers(0, 43), value=st.integers(0, 255))
def test_a_broken_header_never_fails_otherwise(cut: int, flip: int, value: int) -> None:
    data = bytearray(encode(2, 100, "PCM_16", False)[0])
    data[flip] = value
    for broken in (bytes(data), bytes(data[:cut])):
        with suppress(ValueError):
            assert wav.parse(broken).duration_s > 0
