"""One song, one system, one sound file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mixers.loudness import true_peak
from mixers.mixer import Mixer
from mixers.multitrack import Mix
from mixers.settings import settings_to_json
from mixers.whole import whole
from stimuli.audio import write_wav
from stimuli.datasets.dataset import open_dataset
from stimuli.datasets.song import Song
from stimuli.loudness import CEILING_DBTP, DITHER_MARGIN_DB


@dataclass(frozen=True)
class WrittenMix:
    """A mix and the gain it was written with: 0 dB, or less where its peaks needed room."""

    mix: Mix
    gain_db: float


def mix_song(
    folder: Path, mixer: Mixer, out: Path, seed: int = 0, settings_out: Path | None = None
) -> WrittenMix:
    """Mix a whole song and write it as 16-bit WAV at the song's rate.

    A mix above a true peak of -1 dBTP is lowered as a whole; nothing is clipped or limited.

    Args:
        folder: of the song.
        mixer: the system.
        out: the sound file.
        seed: of systems that use chance, and of the dither.
        settings_out: a JSON file for what the console was set to.

    Raises:
        ValueError: there are several songs, the song cannot be read, the mixer cannot mix it, it
            has no settings to write, or the mix would replace a file of the song or is no WAV
            by its name. Nothing is written then.
        OSError: the file cannot be written.
    """
    dataset = open_dataset(folder)
    ids = dataset.song_ids()
    if len(ids) != 1:
        raise ValueError(f"{folder} holds {len(ids)} songs; name the folder of one")
    song = dataset.open_song(ids[0])
    _check_out(out, song)
    mix = mixer.mix(song.load(), seed)
    if settings_out is not None and mix.settings is None:
        raise ValueError(f"{mixer.name} works without a console, so it has no settings to save")
    peak_dbtp = true_peak(mix.samples, mix.sample_rate_hz)
    gain_db = min(0.0, CEILING_DBTP - DITHER_MARGIN_DB - peak_dbtp)
    write_wav(out, mix.samples * 10 ** (gain_db / 20), mix.sample_rate_hz, seed)
    if settings_out is not None and mix.settings is not None:
        with whole(settings_out) as partial:
            partial.write_text(settings_to_json(mix.settings), encoding="utf-8")
    return WrittenMix(mix, gain_db)


def _check_out(out: Path, song: Song) -> None:
    if out.suffix.lower() != ".wav":
        raise ValueError(f"{out}: mixes are written as WAV; call it {out.with_suffix('.wav').name}")
    sounds = [track.sound.path for track in song.tracks]
    sounds += [song.target.path] if song.target else []
    if out.resolve() in {path.resolve() for path in sounds}:
        raise ValueError(f"{out} is a file of the song; write the mix elsewhere")
