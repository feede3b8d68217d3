"""FLAC files reduced to what is heard: the stream's own header and its frames (RFC 9639, 8.2).

For slow networks: half the bytes of WAV. Compression makes a quiet mix a shorter file, so the files
of a page are padded to one length (`stimuli.flac`).
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from listening import wav
from stimuli.flac import MARKER, bare, padded


@dataclass(frozen=True)
class Flac:
    """A sound file's format and its compressed content.

    Attributes:
        frames: of sound.
        content: the file without anything but stream information and sound.
    """

    channels: int
    sample_rate_hz: int
    bits: int
    frames: int
    content: bytes

    @property
    def duration_s(self) -> float:
        """How long it sounds."""
        return self.frames / self.sample_rate_hz

    @property
    def shape(self) -> tuple[object, ...]:
        """What stimuli of one passage have in common."""
        return ("FLAC", self.channels, self.sample_rate_hz, self.bits, self.frames)

    @property
    def identity(self) -> str:
        """The same for the same sound, however it was compressed."""
        return self.decoded().identity

    def to_bytes(self, length: int) -> bytes:
        """A file of so many bytes: those of `content`, and `stimuli.flac.HEADER_BYTES` or more."""
        return padded(self.content, length)

    def decoded(self) -> wav.Wav:
        """The same samples, uncompressed.

        Raises:
            ValueError: the file is damaged.
        """
        import soundfile

        try:
            values, _ = soundfile.read(BytesIO(self.content), dtype="int32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise ValueError(f"is a damaged FLAC file: {error.error_string}") from None
        if len(values) != self.frames:
            raise ValueError(f"is cut off after {len(values)} of {self.frames} frames")
        size = self.bits // 8
        raw = values.astype("<i4").view("u1").reshape(-1, 4)[:, 4 - size :]
        return wav.Wav(wav.PCM, self.channels, self.sample_rate_hz, self.bits, raw.tobytes())


def is_flac(data: bytes) -> bool:
    """Whether a file says of itself that it is FLAC."""
    return data[: len(MARKER)] == MARKER


def parse(data: bytes) -> Flac:
    """Read a FLAC file's format and content, and leave tags, pictures and seek tables behind.

    Raises:
        ValueError: it is no FLAC file of 16 or 24 bits, is cut off, or decodes to too much.
    """
    content = bare(data)
    about = int.from_bytes(content[18:26], "big")
    rate_hz, channels = about >> 44, (about >> 41 & 7) + 1
    bits, frames = (about >> 36 & 31) + 1, about & (1 << 36) - 1
    if channels > 2 or not rate_hz or bits not in (16, 24):
        raise ValueError(
            f"has {channels} channels of {bits} bits at {rate_hz} Hz; stimuli are mono or stereo, "
            "of 16 or 24 bits"
        )
    if not 0 < frames * channels * bits // 8 <= wav.MAX_BYTES:
        raise ValueError(f"holds {frames} frames; use up to {wav.MAX_BYTES // 2**20} MiB of sound")
    found = Flac(channels, rate_hz, bits, frames, content)
    found.decoded()
    return found
