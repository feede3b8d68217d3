"""Sound files: the only place that reads and writes them.

Everything inside the house is float32 in `(channels, frames)`; this is where it is turned.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from mixers.multitrack import Samples
from mixers.whole import whole
from stimuli.containers import probe_streams, read_stream

SUFFIXES = frozenset({".wav", ".wave", ".flac", ".aif", ".aiff", ".ogg", ".mp3"})
"""Files that are taken for sound; others in a folder are left alone."""

SILENT = "silent"
"""Stands for the subtype of a track that a layout has a place for and that was not recorded."""

MOST_SAMPLES = 2**29
"""Of all channels, in one stretch: 2 GiB in memory. Silence of days is a small FLAC file."""

_COUNT_FRAMES = 1 << 20

_WRITE_FRAMES = 1 << 16
"""Turned into whole numbers at a time, so that long sounds need little memory."""


@dataclass(frozen=True)
class SoundInfo:
    """What a sound file holds, known without keeping its samples.

    Attributes:
        path: of the file.
        sample_rate_hz: of its samples.
        channels: how many.
        frames: its length in samples per channel.
        subtype: how samples are stored, in libsndfile's words, such as PCM_16; `SILENT` where
            there is no file and every sample is 0.
        stream: which sound of a container with several; None for a sound file.
    """

    path: Path
    sample_rate_hz: int
    channels: int
    frames: int
    subtype: str
    stream: int | None = None

    @property
    def duration_s(self) -> float:
        """The length in seconds."""
        return self.frames / self.sample_rate_hz


def probe(path: Path) -> SoundInfo:
    """Read what the header of a sound file says.

    Raises:
        ValueError: it is empty, cut off, or no sound file.
        OSError: it cannot be read at all.
    """
    with _open(path) as file:
        frames = file.frames if _states_length(path, file) else _counted_frames(path)
        return SoundInfo(path, file.samplerate, file.channels, frames, file.subtype)


def probe_container(path: Path) -> list[SoundInfo]:
    """Read what the header of a file with several sounds, such as `.stem.mp4`, says of each.

    Raises:
        ValueError: it is no such file, or ffmpeg is not installed.
    """
    return [
        SoundInfo(path, stream.sample_rate_hz, stream.channels, stream.frames, stream.codec, place)
        for place, stream in enumerate(probe_streams(path))
    ]


def silence(path: Path, like: SoundInfo) -> SoundInfo:
    """What stands for a mono track that was not recorded: as long as another, all 0."""
    return SoundInfo(path, like.sample_rate_hz, 1, like.frames, SILENT)


def read(path: Path, start_s: float = 0.0, duration_s: float | None = None) -> tuple[Samples, int]:
    """Read a sound file, or a stretch of it.

    Args:
        path: WAV, FLAC, AIFF, Ogg Vorbis or MP3, of any bit depth.
        start_s: where to begin; must lie within the file.
        duration_s: how much to read; None reads to the end, and so does more than there is.

    Returns:
        `(channels, frames)` and the sample rate in Hz. Lossy files may exceed -1..1.

    Raises:
        ValueError: no sound file, empty, cut off, or with NaN or infinite samples.
        OSError: it cannot be read at all.
    """
    info = probe(path)
    start = round(start_s * info.sample_rate_hz)
    if not 0 <= start < info.frames:
        raise ValueError(f"{path} lasts {info.duration_s:.3f} s, cannot start at {start_s} s")
    frames = None if duration_s is None else max(1, round(duration_s * info.sample_rate_hz))
    return read_frames(info, start, frames), info.sample_rate_hz


def read_frames(info: SoundInfo, start: int = 0, frames: int | None = None) -> Samples:
    """Read a stretch of a probed sound file, counted in its own samples.

    Args:
        info: of the file.
        start: the first frame, 0..`info.frames` - 1.
        frames: how many; None reads to the end, and so does more than there are.

    Raises:
        ValueError, OSError: as `read`.
    """
    left = info.frames - start
    expected = left if frames is None else min(frames, left)
    if expected * info.channels > MOST_SAMPLES:
        raise ValueError(
            f"{info.path}: {expected / info.sample_rate_hz:.0f} s in {info.channels} channels are "
            f"more than {MOST_SAMPLES} samples; cut a shorter stretch out of it"
        )
    if info.subtype == SILENT:
        return np.zeros((info.channels, expected), dtype=np.float32)
    if info.stream is not None:
        return read_stream(info.path, info.stream, info.channels, start, expected)
    with _open(info.path) as file:
        try:
            file.seek(start)
            interleaved = file.read(expected, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise ValueError(
                f"{info.path} breaks off or is damaged: {error.error_string}"
            ) from None
    if len(interleaved) < expected:
        missing = expected - len(interleaved)
        raise ValueError(f"{info.path} breaks off: {missing} of {expected} frames are missing")
    samples: Samples = np.ascontiguousarray(interleaved.T)
    if not np.isfinite(samples).all():
        bad = int((~np.isfinite(samples)).sum())
        raise ValueError(
            f"{info.path} holds {bad} samples that are NaN or infinite; export it again"
        )
    return samples


def write_wav(path: Path, samples: Samples, sample_rate_hz: int, seed: int | None = None) -> None:
    """Write 16-bit WAV with a header of 44 bytes and nothing else in it; see `write_sound`."""
    write_sound(path, samples, sample_rate_hz, seed, bits=16)


def write_sound(
    path: Path,
    samples: Samples,
    sample_rate_hz: int,
    seed: int | None = None,
    bits: Literal[16, 24] = 16,
) -> None:
    """Write a sound file, whole or not at all, without tags or dates.

    Args:
        path: ends in .wav or .flac, which says the format.
        samples: `(channels, frames)`, within -1..1.
        sample_rate_hz: of the samples.
        seed: of the triangular dither of ±1 least significant bit that decorrelates the rounding
            error (Lipshitz, Wannamaker, Vanderkooy, JAES 40(5), 1992); None rounds without. Digital
            silence stays silence.
        bits: of a sample.

    Raises:
        ValueError: samples exceed full scale; nothing is clipped here.
    """
    peak = max(float(samples.max(initial=0.0)), -float(samples.min(initial=0.0)))
    if not peak <= 1.0:
        raise ValueError(f"{path}: peak of {peak:.3f} exceeds full scale; lower the gain first")
    dither = None if seed is None or peak == 0 else np.random.default_rng(seed)
    kind = "FLAC" if path.suffix == ".flac" else "WAV"
    channels, frames = samples.shape
    with (
        whole(path) as partial,
        soundfile.SoundFile(
            partial, "w", sample_rate_hz, channels, subtype=f"PCM_{bits}", format=kind
        ) as file,
    ):
        for start in range(0, frames, _WRITE_FRAMES):
            file.write(_quantised(samples[:, start : start + _WRITE_FRAMES], bits, dither))


def _quantised(
    samples: Samples, bits: int, dither: np.random.Generator | None
) -> NDArray[np.int32]:
    """Whole numbers in the upper bits of 32, which are those that libsndfile takes."""
    full_scale = 1 << (bits - 1)
    scaled = samples.astype(np.float64) * full_scale
    if dither is not None:
        scaled += dither.random(scaled.shape) - dither.random(scaled.shape)
    whole = np.clip(np.rint(scaled), -full_scale, full_scale - 1).astype(np.int32)
    stored: NDArray[np.int32] = (whole << (32 - bits)).T
    return stored


def resample(samples: Samples, from_hz: int, to_hz: int) -> Samples:
    """Change the sample rate with soxr's very high quality; equal rates return the samples.

    However short the sound, one frame at least comes out.
    """
    if from_hz == to_hz:
        return samples
    resampled = soxr.resample(np.ascontiguousarray(samples.T), from_hz, to_hz, "VHQ")
    if not len(resampled) and samples.shape[1]:
        # Less than half a frame at the new rate, which soxr rounds to none.
        return np.ascontiguousarray(samples.mean(axis=1, keepdims=True, dtype=np.float32))
    return np.ascontiguousarray(resampled.T)


def is_sound(path: Path) -> bool:
    """Whether a file's name says that it is sound; hidden files are not.

    A link that leads nowhere is, so that whoever opens it is told.
    """
    named = path.suffix.lower() in SUFFIXES and not path.name.startswith(".")
    return named and (path.is_file() or path.is_symlink())


def _open(path: Path) -> soundfile.SoundFile:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise ValueError(
            f"{str(path)!a} has a name that is not UTF-8, and cannot be opened; rename it"
        ) from None
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty (0 bytes)")
    try:
        file = soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"{path} is no sound file that can be read: {error.error_string}"
        ) from None
    flaw = "holds no sound (0 frames)" if file.frames == 0 else _cut_off(path)
    if flaw:
        file.close()
        raise ValueError(f"{path} {flaw}")
    return file


def _cut_off(path: Path) -> str | None:
    """How a WAV, AIFF or Ogg file is cut off; libsndfile reads what is left without a word."""
    with path.open("rb") as file:
        kind = file.read(4)
        if kind == b"OggS":
            file.seek(max(0, path.stat().st_size - 65_536))
            last_page = file.read().rpartition(b"OggS")[2]
            ends = len(last_page) > 1 and last_page[1] & 4
            return None if ends else "breaks off: its last page is missing"
        if kind not in (b"RIFF", b"FORM"):
            return None
        order: Literal["little", "big"] = "little" if kind == b"RIFF" else "big"
        file.seek(12)
        while len(head := file.read(8)) == 8:
            length = int.from_bytes(head[4:], order)
            if head[:4] in (b"data", b"SSND"):
                missing = file.tell() + length - path.stat().st_size
                # Programs that write to a pipe leave a length of 0 or all ones.
                known = length not in (0, 0xFFFF_FFFF)
                return f"breaks off: {missing} bytes are missing" if known and missing > 0 else None
            file.seek(length + length % 2, os.SEEK_CUR)
    return None


def _states_length(path: Path, file: soundfile.SoundFile) -> bool:
    """Whether the length in the header is exact; an MP3 without a Xing header has a guess only."""
    if file.format != "MP3":
        return True
    with path.open("rb") as raw:
        head = raw.read(10)
        if head[:3] == b"ID3":
            # The tag's length is stored in four bytes of seven bits.
            raw.seek(10 + sum(byte << 7 * (3 - place) for place, byte in enumerate(head[6:])))
        else:
            raw.seek(0)
        first_frame = raw.read(256)
    return b"Xing" in first_frame or b"Info" in first_frame


def _counted_frames(path: Path) -> int:
    status = path.stat()
    return _count(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=4096)
def _count(path: Path, size: int, changed_ns: int) -> int:
    """Decode a file to find its length; size and time of change are the key of the cache."""
    total = 0
    with soundfile.SoundFile(path) as file:
        while count := len(file.read(_COUNT_FRAMES, dtype="float32")):
            total += count
    return total
