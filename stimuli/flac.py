"""FLAC files of one length: padding blocks that no player looks at (RFC 9639, 8.1 to 8.3).

Compression makes a quiet or a narrow mix a shorter file, and a file's length reaches whoever
watches the network tab. A padding block in each file of a page makes all of them equally long.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from mixers.whole import whole

MARKER = b"fLaC"
PADDING = 1
HEADER_BYTES = 4
STREAM_INFO_BYTES = 34
MOST_PADDING = (1 << 24) - 1


def bare(data: bytes) -> bytes:
    """A FLAC file with nothing in it but the stream's own header and its sound.

    Raises:
        ValueError: it is no FLAC file, or cut off in its metadata.
    """
    blocks, sound = _split(data)
    if len(blocks[0]) != HEADER_BYTES + STREAM_INFO_BYTES or blocks[0][0] & 0x7F:
        raise ValueError("is a FLAC file without stream information")
    return MARKER + bytes([0x80]) + blocks[0][1:] + sound


def padded(content: bytes, length: int) -> bytes:
    """A FLAC file of so many bytes, by one block of padding.

    Args:
        content: a FLAC file without padding.
        length: at least `HEADER_BYTES` more than that has.

    Raises:
        ValueError: one block cannot fill so much.
    """
    count = length - len(content) - HEADER_BYTES
    if not 0 <= count <= MOST_PADDING:
        raise ValueError(
            f"is {count + HEADER_BYTES} bytes shorter than it has to be, and padding can fill "
            f"{HEADER_BYTES} to {MOST_PADDING + HEADER_BYTES}; deliver WAV"
        )
    blocks, sound = _split(content)
    # The stream's own header stays first; the padding follows as the last block.
    header = bytes([0x80 | PADDING]) + count.to_bytes(3, "big")
    opened = [bytes([block[0] & 0x7F]) + block[1:] for block in blocks]
    return MARKER + b"".join(opened) + header + bytes(count) + sound


def content_hash(path: Path) -> str:
    """The SHA-256, in hexadecimal, of a file; of a FLAC file without its padding."""
    data = path.read_bytes()
    return hashlib.sha256(_unpadded(data) if data[:4] == MARKER else data).hexdigest()


def pad_to_one_length(paths: Sequence[Path]) -> None:
    """Give every FLAC file one padding block, so that all have the same number of bytes.

    The result depends on the sound in the files alone, not on padding that they had before.

    Raises:
        ValueError: a file is no FLAC, or lengths differ by more than a block holds (16 MiB).
    """
    contents = {path: _unpadded(path.read_bytes()) for path in paths}
    longest = max((len(content) for content in contents.values()), default=0)
    for path, content in contents.items():
        try:
            file = padded(content, longest + HEADER_BYTES)
        except ValueError as error:
            raise ValueError(f"{path} {error}") from None
        if path.stat().st_size != len(file) or path.read_bytes() != file:
            with whole(path) as partial:
                partial.write_bytes(file)


def _unpadded(data: bytes) -> bytes:
    blocks, sound = _split(data)
    kept = [block for block in blocks if block[0] & 0x7F != PADDING]
    last = bytes([kept[-1][0] | 0x80]) + kept[-1][1:]
    opened = [bytes([block[0] & 0x7F]) + block[1:] for block in kept[:-1]]
    return MARKER + b"".join([*opened, last]) + sound


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """The metadata blocks of a FLAC file with their headers, and the frames that follow."""
    if data[:4] != MARKER:
        raise ValueError("is no FLAC file")
    blocks = list(_blocks(data))
    return blocks, data[len(MARKER) + sum(map(len, blocks)) :]


def _blocks(data: bytes) -> Iterator[bytes]:
    at, last = len(MARKER), False
    while not last:
        if at + HEADER_BYTES > len(data):
            raise ValueError("is cut off in its metadata")
        last = bool(data[at] & 0x80)
        length = HEADER_BYTES + int.from_bytes(data[at + 1 : at + HEADER_BYTES], "big")
        yield data[at : at + length]
        at += length
