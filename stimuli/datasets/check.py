"""What is wrong with the songs of a dataset: every problem with its file and value."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stimuli.audio import SILENT, SoundInfo
from stimuli.datasets.dataset import Dataset
from stimuli.datasets.fit import OFFSET_S, Fit, fit
from stimuli.datasets.index import FileState, Flaw, Index, Report, state_of
from stimuli.datasets.levels import level_flaws, measure
from stimuli.datasets.song import Song
from stimuli.workers import in_parallel

SUM_DB = -20.0
"""Where a dataset says that the mix is the sum, encoders leave less than this of it."""
REST_DB = -1.0
"""A mix of which the best gains leave more than this was made of other tracks. Equalisers,
compressors and reverberation alone leave -3 dB and less."""
LENGTH_S = 0.001


@dataclass(frozen=True)
class Checked:
    """One song that was checked: its report, or why it could not be opened."""

    song_id: str
    report: Report | None
    failure: str = ""


def check_dataset(
    dataset: Dataset, index: Index, jobs: int, progress: Callable[[int, int], None]
) -> Iterator[Checked]:
    """Check every song; those that the index knows, with files as they were, are not read again.

    What is found is kept in the index as soon as it is found.
    """
    song_ids = dataset.song_ids()
    tasks = [(_checked, (dataset, song_id, index.songs.get(song_id))) for song_id in song_ids]
    for checked in in_parallel(tasks, jobs, progress):
        if checked.report is not None:
            index.keep(checked.song_id, checked.report)
        yield checked


def check_song(song: Song) -> Report:
    """Read a song once for its levels and once for how it fits its mix.

    Raises:
        ValueError, OSError: a file cannot be read; the message names it.
    """
    sounds = [track.sound for track in song.tracks]
    if song.target is not None:
        sounds.append(song.target)
    real = [sound for sound in sounds if sound.subtype != SILENT]
    flaws = [*_rates(real), *_lengths(real)]
    loudest_s = 0
    for sound in real:
        levels = measure(sound)
        loudest_s = levels.loudest_s
        flaws += [Flaw(_name(song, sound), what) for what in level_flaws(sound, levels)]
    notes: list[str] = []
    if song.target is not None:
        found = fit(song, song.target, loudest_s)
        flaws += _misfits(song, song.target, found)
        notes = _notes(song, found)
    states = {str(path): _summed(path) for path in sorted({sound.path for sound in real})}
    return Report(states, tuple(flaws), tuple(notes))


def _checked(dataset: Dataset, song_id: str, known: Report | None) -> Checked:
    try:
        song = dataset.open_song(song_id)
        if known is not None and known.holds_for(song):
            return Checked(song_id, known)
        return Checked(song_id, check_song(song))
    except (ValueError, OSError) as error:
        return Checked(song_id, None, str(error))


def _rates(sounds: list[SoundInfo]) -> Iterator[Flaw]:
    usual = Counter(sound.sample_rate_hz for sound in sounds).most_common(1)[0][0]
    for sound in sounds:
        if sound.sample_rate_hz != usual:
            yield Flaw(str(sound.path), f"rate: {sound.sample_rate_hz} Hz, the others {usual} Hz")


def _lengths(sounds: list[SoundInfo]) -> Iterator[Flaw]:
    """Held to the length that most files have; to the longest where no length has a majority."""
    lengths_s = [sound.duration_s for sound in sounds]
    usual_s, others = max(lengths_s), "the longest file"
    for length_s in lengths_s:
        alike = sum(abs(length_s - other_s) <= LENGTH_S for other_s in lengths_s)
        if alike > len(sounds) / 2:
            usual_s, others = length_s, "the others"
            break
    for sound in sounds:
        more_s = sound.duration_s - usual_s
        if abs(more_s) > LENGTH_S:
            how = "longer" if more_s > 0 else "shorter"
            yield Flaw(str(sound.path), f"length: {abs(more_s):.3f} s {how} than {others}")


def _misfits(song: Song, target: SoundInfo, found: Fit) -> Iterator[Flaw]:
    rate_hz = song.sample_rate_hz
    mix = _name(song, target)
    if found.offset_frames is not None and abs(found.offset_frames) > OFFSET_S * rate_hz:
        yield Flaw(mix, f"misaligned: the mix is {_lag(found.offset_frames, rate_hz)}")
    if song.summed and found.sum_db > SUM_DB:
        yield Flaw(mix, f"not the sum: {found.sum_db:.1f} dB of the mix stay beside the sum")
    if not song.summed and found.rest_db > REST_DB:
        rest = f"{found.rest_db:.1f} dB of the mix stay with the best gains"
        yield Flaw(mix, f"not the sum: {rest}")
    for track in song.tracks:
        name = _name(song, track.sound)
        if track.name in found.odd_offsets:
            lag = _lag(found.odd_offsets[track.name], rate_hz)
            yield Flaw(name, f"misaligned: in the mix, this track is {lag}")
        if track.name in found.upside_down:
            gain = found.upside_down[track.name]
            yield Flaw(name, f"polarity: upside down in the mix, gain {gain:.2f}")


def _notes(song: Song, found: Fit) -> list[str]:
    sure = found.offset_frames is not None
    offset = f"{found.offset_frames} frames" if sure else "cannot be told"
    rest = found.sum_db if song.summed else found.rest_db
    how = "the sum" if song.summed else "the best gains"
    return [f"offset of the mix: {offset}; {how} leave{'s' * song.summed} {rest:.1f} dB of it"]


def _lag(frames: int, rate_hz: int) -> str:
    side = "late" if frames > 0 else "early"
    return f"{abs(frames)} frames ({abs(frames) / rate_hz * 1000:.1f} ms) {side}"


def _name(song: Song, sound: SoundInfo) -> str:
    """A file, and which of its sounds where it has several."""
    if sound.stream is None:
        return str(sound.path)
    names = {track.sound.stream: track.name for track in song.tracks}
    return f"{sound.path} ({names.get(sound.stream, 'mixture')})"


def _summed(path: Path) -> FileState:
    state = state_of(path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return FileState(state.size, state.changed_ns, digest)
