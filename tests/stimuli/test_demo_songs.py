"""Demo songs: in tune, whole on disk, mixed as their settings say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from mixers.console import render
from mixers.settings import settings_from_json
from stimuli.datasets.demo.form import plan
from stimuli.datasets.demo.microphones import MICROPHONES, path
from stimuli.datasets.demo.notes import Note
from stimuli.datasets.demo.players import BASS_RANGE, play_part, voicing
from stimuli.datasets.demo.sampler import SAMPLE_RATE_HZ, play
from stimuli.datasets.demo.songbook import make_song, make_songs, recipes
from stimuli.datasets.demo.styles import STEPS, STYLES, Style
from stimuli.datasets.folder import open_folder

SECONDS = 6.0


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    for recipe in recipes(2, SECONDS, 7, "both"):
        make_song(recipe, folder)
    return folder


@pytest.mark.parametrize("program", [0, 4, 16, 24, 29, 33, 48, 65, 73, 81])
@pytest.mark.parametrize("key", [45, 57, 69])
def test_instruments_are_in_tune(program: int, key: int) -> None:
    sound = play([Note(0.0, 1.0, key, 100)], program, SAMPLE_RATE_HZ)[0][4410:35_000]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 1 << 19))
    pitch_hz = 440 * 2 ** ((key - 69) / 12)
    hz = np.fft.rfftfreq(1 << 19, 1 / SAMPLE_RATE_HZ)
    # The strongest of the first two partials lies within a quarter tone of where it should.
    near = np.flatnonzero((hz > pitch_hz * 0.75) & (hz < pitch_hz * 2.5))
    peak_hz = hz[near[spectrum[near].argmax()]]
    octave = round(np.log2(peak_hz / pitch_hz))
    assert abs(1200 * np.log2(peak_hz / pitch_hz / 2**octave)) < 50
    assert np.abs(sound).max() > 0.01


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_every_style_can_be_played(style: Style) -> None:
    form = plan(style, 20.0, np.random.default_rng(3))
    for groove in (style.verse_groove, style.chorus_groove):
        patterns = (groove.kick, groove.snare, groove.cymbal, groove.open_hat)
        assert {len(pattern) for pattern in patterns} == {STEPS}
    bass = play_part(form, "bass", np.random.default_rng(4))
    assert all(BASS_RANGE[0] - 1 <= note.pitch <= BASS_RANGE[1] + 2 for note in bass)
    first = bass[0]
    assert first.pitch % 12 == form.bars[0].root


def test_voices_move_as_little_as_they_can() -> None:
    c_major = voicing((0, 4, 7), (), 55, 74)
    a_minor = voicing((9, 0, 4), tuple(c_major), 55, 74)
    assert sum(min(abs(key - old) for old in c_major) for key in a_minor) <= 2


@pytest.mark.parametrize("piece", ["kick", "snare", "tom_1", "tom_2", "tom_3"])
def test_a_close_microphone_hears_its_drum_best(piece: str) -> None:
    levels = {name: path(piece, microphone)[0] for name, microphone in MICROPHONES.items()}
    assert max(levels, key=lambda name: levels[name]) == piece


def test_songs_are_whole_and_levels_arbitrary(book: Path) -> None:
    drums, band = (open_folder(path) for path in sorted(book.iterdir()))
    assert [track.name for track in drums.tracks] == sorted(MICROPHONES)
    assert {track.role for track in band.tracks} == {
        "drums",
        "bass",
        "guitar",
        "keys",
        "lead",
        "pad",
    }
    for song in (drums, band):
        multitrack = song.load()
        peaks = [float(np.abs(track.samples).max()) for track in multitrack.tracks]
        assert max(peaks) / min(peaks) > 1.5
        assert all(0.1 < peak < 1.0 for peak in peaks)
        assert multitrack.frames == SECONDS * SAMPLE_RATE_HZ


def test_the_target_is_what_the_console_renders(book: Path) -> None:
    for folder in sorted(book.iterdir()):
        text = (folder / "settings.json").read_text(encoding="utf-8")
        mix = render(open_folder(folder).load(), settings_from_json(text)).samples
        stored = soundfile.read(folder / "mix.wav", dtype="float32")[0].T
        assert np.abs(mix - stored).max() <= 0.51 / 32_768


def test_the_same_recipe_gives_the_same_bytes(book: Path, tmp_path: Path) -> None:
    again, other = recipes(1, SECONDS, 7, "both")[0], recipes(1, SECONDS, 8, "both")[0]
    make_song(again, tmp_path)
    for made in (tmp_path / again.song).iterdir():
        assert made.read_bytes() == (book / again.song / made.name).read_bytes()
    with pytest.raises(ValueError, match="another seed"):
        list(make_songs([other], tmp_path, jobs=1))


def test_songs_that_are_there_are_left_alone(book: Path) -> None:
    wanted = recipes(2, SECONDS, 7, "both")
    assert [new for _, new in make_songs(wanted, book, jobs=1)] == [False, False]


@pytest.mark.parametrize(("count", "seconds", "seed"), [(0, 30, 0), (1, 1, 0), (1, 30, -1)])
def test_what_cannot_be_made_is_refused(count: int, seconds: float, seed: int) -> None:
    with pytest.raises(ValueError, match="must"):
        recipes(count, seconds, seed, "both")
