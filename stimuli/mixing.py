"""One song, one system, one sound file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mixers.loudness import true_peak
from mixers.mixer import Mixer
from mixers.multitrack import Mix
from stimuli.audio import write_wav
from stimuli.datasets.dataset import open_dataset
from stimuli.loudness import CEILING_DBTP, DITHER_MARGIN_DB


@dataclass(frozen=True)
class WrittenMix:
    """A mix and the gain it was written with: 0 dB, or less where its peaks needed room."""

    mix: Mix
    gain_db: float


def mix_song(folder: Path, mixer: Mixer, out: Path, seed: int = 0) -> WrittenMix:
    """Mix a whole song and write it as 16-bit WAV at the song's rate.

    A mix above a true peak of -1 dBTP is lowered as a whole; nothing is clipped or limited.

    Raises:
        ValueError: there are several songs, the song cannot be read, or the mixer cannot mix it.
        OSError: the file cannot be written.
    """
    dataset = open_dataset(folder)
    ids = dataset.song_ids()
    if len(ids) != 1:
        raise ValueError(f"{folder} holds {len(ids)} songs; name the folder of one")
    mix = mixer.mix(dataset.open_song(ids[0]).load(), seed)
    peak_dbtp = true_peak(mix.samples, mix.sample_rate_hz)
    gain_db = min(0.0, CEILING_DBTP - DITHER_MARGIN_DB - peak_dbtp)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_wav(out, mix.samples * 10 ** (gain_db / 20), mix.sample_rate_hz, seed)
    return WrittenMix(mix, gain_db)
