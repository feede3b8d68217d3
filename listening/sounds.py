"""The sound files of studies: taken in without tags, kept under the hash of their content.

Nothing but sound sets the files of a page apart: they have one format and one number of bytes.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from listening import flac, wav
from listening.models import Stimulus
from listening.pages import PAGE_TYPES
from listening.pages.kinds import PlannedPage
from stimuli.flac import HEADER_BYTES
from stimuli.manifest import Stimulus as ManifestStimulus

Sound = wav.Wav | flac.Flac
TYPES = {".wav": "audio/wav", ".flac": "audio/flac"}
"""What browsers are told of a file, by its suffix."""


def x_key(name: str) -> str:
    """What a stimulus, or its passage, is called where it is the X of ABX."""
    return f"{name} as X"


def compared_with_x(pages: Sequence[PlannedPage]) -> frozenset[str | None]:
    """The passages whose stimuli get a twin, the X of ABX."""
    return frozenset(page.passage for page in pages if PAGE_TYPES[page.kind].x)


def sound_path(folder: Path, file_sha256: str) -> Path:
    """Where the sound file of that content lies."""
    path = folder / file_sha256[:2] / f"{file_sha256}.flac"
    return path if path.is_file() else path.with_suffix(".wav")


def keep_sounds(
    stimuli: Sequence[ManifestStimulus],
    source_folder: Path,
    folder: Path,
    uncompressed: Collection[str | None] = (),
) -> list[Stimulus]:
    """Copy sound files in; those of a passage are checked to differ in nothing but sound.

    WAV stays WAV. FLAC stays FLAC, padded to one length a passage.

    Args:
        stimuli: of the manifest.
        source_folder: what their paths are relative to.
        folder: where the instance keeps sound files.
        uncompressed: passages that are kept as WAV in any case.

    Raises:
        ValueError: a file cannot be played or tells itself apart; the message names it.
        OSError: a file cannot be read.
    """
    passages: dict[str, list[ManifestStimulus]] = {}
    ordered = sorted(stimuli, key=lambda stimulus: stimulus.role != "open_reference")
    for stimulus in ordered:
        passages.setdefault(stimulus.passage, []).append(stimulus)
    kept: dict[str, Stimulus] = {}
    for passage, members in passages.items():
        sounds = {
            one.id: _read(source_folder / one.path, decode=passage in uncompressed)
            for one in members
        }
        _check_alike(members, sounds, source_folder)
        files = _files(sounds)
        for one in members:
            kept[one.id] = Stimulus(
                key=one.id,
                song=one.song,
                passage=one.passage,
                system=one.system,
                role=one.role,
                file_sha256=_store(folder, files[one.id]),
                sample_rate_hz=sounds[one.id].sample_rate_hz,
                duration_s=sounds[one.id].duration_s,
                loudness_lufs=one.loudness_lufs,
            )
    return [kept[stimulus.id] for stimulus in ordered]


def own_stimuli(
    pages: Sequence[PlannedPage], stimuli: Sequence[Stimulus], seed: int, folder: Path
) -> list[Stimulus]:
    """What pages play beside the manifest: sounds that screen, and the X of ABX."""
    from listening.check_sounds import disguised, make

    made = {
        f"{page.passage}/{sound.key}": (page.passage or "", sound.key, make(sound.recipe))
        for page in pages
        for sound in page.sounds
    }
    own = [
        _stored(folder, data, key=key, song=passage, passage=passage, system=name, role="system")
        for key, (passage, name, data) in made.items()
    ]
    compared = compared_with_x(pages)
    for number, twin in enumerate(stimuli):
        if twin.passage not in compared or twin.role == "open_reference":
            continue
        sound = wav.parse(sound_path(folder, twin.file_sha256).read_bytes())
        own.append(
            _stored(
                folder,
                disguised(sound, seed + number),
                key=x_key(twin.key),
                song=twin.song,
                passage=x_key(twin.passage),
                system=twin.system,
                role=twin.role,
                loudness_lufs=twin.loudness_lufs,
            )
        )
    return own


def _stored(folder: Path, sound: wav.Wav, **fields: Any) -> Stimulus:
    return Stimulus(
        file_sha256=_store(folder, sound.to_bytes()),
        sample_rate_hz=sound.sample_rate_hz,
        duration_s=sound.duration_s,
        **{"loudness_lufs": 0.0, **fields},
    )


def _read(path: Path, *, decode: bool) -> Sound:
    if path.stat().st_size > wav.MAX_BYTES:
        raise ValueError(f"{path} is over {wav.MAX_BYTES // 2**20} MiB, too large for a stimulus")
    data = path.read_bytes()
    try:
        if not flac.is_flac(data):
            return wav.parse(data)
        sound = flac.parse(data)
        return sound.decoded() if decode else sound
    except ValueError as error:
        raise ValueError(f"{path} {error}") from None


def _check_alike(
    members: Sequence[ManifestStimulus], sounds: Mapping[str, Sound], folder: Path
) -> None:
    """The stimuli of one passage; the open reference, where there is one, comes first."""
    first = members[0]
    hidden = sounds[first.id].identity if first.role == "open_reference" else None
    for one in members[1:]:
        path = folder / one.path
        if sounds[one.id].shape != sounds[first.id].shape:
            raise ValueError(
                f"{path} and {first.path} are stimuli of one passage and differ in length or "
                "format; render them again so that they cannot be told apart"
            )
        compared = hidden is not None and one.role != "open_reference"
        if compared and sounds[one.id].identity == hidden:
            raise ValueError(
                f"{path} is the open reference to the byte, so a listener could find it without "
                "listening; render the open reference with its own dither"
            )


def _files(sounds: Mapping[str, Sound]) -> dict[str, bytes]:
    """What is stored: all of one length."""
    contents = [len(sound.content) for sound in sounds.values() if isinstance(sound, flac.Flac)]
    length = max(contents, default=0) + HEADER_BYTES
    return {
        name: sound.to_bytes(length) if isinstance(sound, flac.Flac) else sound.to_bytes()
        for name, sound in sounds.items()
    }


def _store(folder: Path, data: bytes) -> str:
    """Keep a file under its hash, which is returned."""
    digest = sha256(data).hexdigest()
    suffix = ".flac" if flac.is_flac(data) else ".wav"
    path = folder / digest[:2] / f"{digest}{suffix}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Of two studies that are made at once, both may keep this sound.
        partial = path.with_suffix(f".{secrets.token_hex(8)}.part")
        partial.write_bytes(data)
        partial.replace(path)
    return digest
