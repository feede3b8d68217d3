"""What an MP3 file says of the silence that its encoder put before and after the sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_AFTER_TAG = 120
"""From the word Xing or Info to the encoder's name: flags, lengths, seek table, quality."""
_TO_DELAY = 21
"""From the encoder's name to its delay and padding, in twelve bits each (the LAME tag)."""


@dataclass(frozen=True)
class EncoderDelay:
    """What an encoder states of itself.

    Attributes:
        encoder: its name.
        delay: frames of silence before the sound.
        padding: frames of silence after it.
    """

    encoder: str
    delay: int
    padding: int


def stated_delay(path: Path) -> EncoderDelay | None:
    """Read the delay that an MP3 file states; None where it states none.

    libsndfile takes out what is stated (and the decoder's own 529 frames) while it decodes. What
    is not stated stays in the sound, 1105 frames for most encoders.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(10)
        # An ID3 tag's length is stored in four bytes of seven bits.
        skip = sum(byte << 7 * (3 - place) for place, byte in enumerate(head[6:10]))
        file.seek(10 + skip if head[:3] == b"ID3" else 0)
        frame = file.read(512)
    place = max(frame.find(b"Xing"), frame.find(b"Info"))
    tag = frame[place + _AFTER_TAG :]
    if place < 0 or len(tag) < _TO_DELAY + 3 or not tag[:4].isalnum():
        return None
    both = int.from_bytes(tag[_TO_DELAY : _TO_DELAY + 3], "big")
    return EncoderDelay(tag[:9].rstrip(b"\0 ").decode("latin-1"), both >> 12, both & 0xFFF)
