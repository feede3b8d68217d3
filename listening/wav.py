"""WAV files reduced to what is heard: format and samples, no tags, dates or tool names."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import sha256

MAX_BYTES = 256 * 2**20
"""More than this is no stimulus: 25 minutes of 16-bit stereo at 44.1 kHz."""

PCM = 1
_FLOAT, _EXTENSIBLE = 3, 0xFFFE


@dataclass(frozen=True)
class Wav:
    """A sound file's format and its samples as bytes, as RIFF/WAVE stores them."""

    encoding: int
    channels: int
    sample_rate_hz: int
    bits: int
    samples: bytes

    @property
    def duration_s(self) -> float:
        """How long it sounds."""
        return len(self.samples) / (self.channels * self.bits // 8) / self.sample_rate_hz

    @property
    def shape(self) -> tuple[object, ...]:
        """What stimuli of one passage have in common."""
        return (self.encoding, self.channels, self.sample_rate_hz, self.bits, len(self.samples))

    @property
    def identity(self) -> str:
        """The same for the same sound."""
        return sha256(self.samples).hexdigest()

    def to_bytes(self) -> bytes:
        """The smallest file that holds it: a header of 44 bytes, then the samples."""
        frame = self.channels * self.bits // 8
        padding = b"\0" * (len(self.samples) % 2)
        return (
            struct.pack("<4sI4s", b"RIFF", 36 + len(self.samples) + len(padding), b"WAVE")
            + struct.pack("<4sIHHII", b"fmt ", 16, self.encoding, self.channels,
                          self.sample_rate_hz, self.sample_rate_hz * frame)
            + struct.pack("<HH4sI", frame, self.bits, b"data", len(self.samples))
            + self.samples
            + padding
        )  # fmt: skip


def parse(data: bytes) -> Wav:
    """Read a WAV file's format and samples, and leave every other chunk behind.

    Raises:
        ValueError: it is not a WAV file of PCM or float samples, or it is cut off.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ValueError("is not a WAV file")
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        body = data[at + 8 : at + 8 + size]
        if len(body) < size:
            raise ValueError(f"is cut off in its {name.decode('latin-1').strip()!r} chunk")
        chunks.setdefault(name, body)
        at += 8 + size + size % 2
    if len(chunks.get(b"fmt ", b"")) < 16 or b"data" not in chunks:
        raise ValueError("is a WAV file without format or samples")
    return _wav(chunks[b"fmt "], chunks[b"data"])


def _wav(fmt: bytes, samples: bytes) -> Wav:
    encoding, channels, rate, _, frame, bits = struct.unpack_from("<HHIIHH", fmt)
    if encoding == _EXTENSIBLE and len(fmt) >= 26:
        encoding = struct.unpack_from("<H", fmt, 24)[0]
    if encoding not in (PCM, _FLOAT) or bits not in (8, 16, 24, 32):
        raise ValueError(f"has WAV encoding {encoding} with {bits} bits; use 16- or 24-bit PCM")
    if channels not in (1, 2) or rate == 0 or frame != channels * bits // 8:
        raise ValueError(f"has {channels} channels at {rate} Hz; stimuli are mono or stereo")
    if not samples or len(samples) % frame:
        raise ValueError("holds no whole frames of sound")
    return Wav(encoding, channels, rate, bits, samples)
