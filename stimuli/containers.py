"""Files that hold several sounds, such as MUSDB18's `.stem.mp4`, decoded by ffmpeg.

Compressed sound cannot be cut to the sample by seeking, since a decoder needs what came before; a
stretch is decoded from the beginning and cut by ffmpeg, so that only the stretch is in memory.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np

from mixers.multitrack import Samples

PADDING = 4096
"""A header may count the encoder's last blocks, which decode to nothing; they are silence then."""


@dataclass(frozen=True)
class Stream:
    """One sound of a container, as its header has it."""

    sample_rate_hz: int
    channels: int
    frames: int
    codec: str


def probe_streams(path: Path) -> tuple[Stream, ...]:
    """Read the header of every sound in a file, in the file's order.

    Raises:
        ValueError: ffmpeg is not installed, or the file cannot be read.
    """
    status = path.stat()
    return _probe(path, status.st_size, status.st_mtime_ns)


def read_stream(path: Path, stream: int, channels: int, start: int, frames: int) -> Samples:
    """Decode a stretch of one sound of a file.

    Args:
        path: of the file.
        stream: which of its sounds, from 0.
        channels: of that sound.
        start: first frame.
        frames: how many.

    Returns:
        `(channels, frames)`.

    Raises:
        ValueError: ffmpeg is not installed, or the file is damaged or breaks off.
    """
    cut = f"atrim=start_sample={start}:end_sample={start + frames}"
    what = ("-map", f"0:a:{stream}", "-af", cut, "-f", "f32le", "-c:a", "pcm_f32le", "-")
    found = _run(path, ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), *what])
    decoded = np.frombuffer(found, dtype="<f4").reshape(-1, channels)
    missing = frames - len(decoded)
    if missing > PADDING:
        raise ValueError(f"{path} breaks off: {missing} of {frames} frames are missing")
    samples = np.zeros((channels, frames), dtype=np.float32)
    samples[:, : len(decoded)] = decoded.T
    return samples


@lru_cache(maxsize=1024)
def _probe(path: Path, size: int, changed_ns: int) -> tuple[Stream, ...]:
    """Size and time of change are the key of the cache."""
    entries = "stream=sample_rate,channels,duration_ts,time_base,codec_name"
    what = ("-select_streams", "a", "-show_entries", entries, "-of", "json")
    printed = _run(path, ["ffprobe", "-v", "error", *what, str(path)])
    try:
        return tuple(
            Stream(
                sample_rate_hz=(rate_hz := int(stream["sample_rate"])),
                channels=int(stream["channels"]),
                frames=round(stream["duration_ts"] * Fraction(stream["time_base"]) * rate_hz),
                codec=str(stream["codec_name"]),
            )
            for stream in json.loads(printed)["streams"]
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path}: its header does not say {error}; fetch it again") from None


def _run(path: Path, command: list[str]) -> bytes:
    if shutil.which(command[0]) is None:
        raise ValueError(
            f"{path} can only be read with ffmpeg, which is not installed: install it (such as "
            "apt install ffmpeg), or use MUSDB18-HQ, whose files are WAV"
        )
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        raise ValueError(f"{path} cannot be decoded: {lines[-1] if lines else 'no reason given'}")
    return done.stdout
