"""Ready-made mixes become stimuli; a set with a flaw is not called fit."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from numpy.typing import NDArray

from stimuli.audio import read, write_wav
from stimuli.check import check
from stimuli.cli.stimuli import stimuli as stimuli_command
from stimuli.importing import import_mixes
from stimuli.manifest import make_folder, read_manifest

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.fixture
def mixes(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    folder = tmp_path / "mixes"
    for name in ("verse", "chorus"):
        write_sound(folder / name / "reference.wav", noise(2.0, channels=2, seed=1))
        write_sound(folder / name / "ours.flac", 0.3 * noise(2.2, 48_000, 2, seed=2), 48_000)
        write_sound(folder / name / "theirs.wav", 2 * noise(2.0, channels=1, seed=3))
    return folder


@pytest.fixture
def fit(mixes: Path, tmp_path: Path) -> Path:
    import_mixes(mixes, tmp_path / "out")
    return tmp_path / "out"


def test_imported_mixes_are_fit_for_a_test(mixes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (mixes / "bridge" / "too deep").mkdir(parents=True)
    done = CliRunner().invoke(stimuli_command, ["import", str(mixes), "-o", str(out)])
    assert (done.exit_code, done.exception) == (0, None)
    assert "bridge: is left alone; no mixes lie in it" in done.output
    assert "ours.flac: resampled from 48000 Hz to 44100 Hz" in done.output
    assert "passage verse: lengths differ by up to 0.200 s; all are cut to 2.000 s" in done.output
    assert list(check(out)) == []
    roles = {(s.system, s.role) for s in read_manifest(out).stimuli}
    assert roles == {
        ("ours", "system"),
        ("reference", "open_reference"),
        ("reference", "reference"),
        ("theirs", "system"),
    }


def test_importing_twice_gives_the_same_bytes(mixes: Path, tmp_path: Path) -> None:
    first, second = (import_mixes(mixes, tmp_path / name).manifest for name in "ab")
    assert [s.sha256 for s in first.stimuli] == [s.sha256 for s in second.stimuli]


def test_an_encoders_delay_is_taken_out(tmp_path: Path, noise: Noise, write_sound: Write) -> None:
    sound = noise(3.0, channels=2, seed=4)
    write_sound(tmp_path / "mixes" / "a" / "ours.wav", np.pad(sound, ((0, 0), (1_105, 0))))
    write_sound(tmp_path / "mixes" / "a" / "reference.wav", sound)
    imported = import_mixes(tmp_path / "mixes", tmp_path / "out")
    assert "passage a: ours was 1105 frames late against reference; moved" in imported.notices
    pair = [read(tmp_path / "out" / "a" / f"{name}.wav")[0] for name in ("ours", "reference")]
    assert np.abs(pair[0] - pair[1]).max() <= 4 / 32_768


def test_an_mp3s_delay_is_reported_and_gone(
    tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    """LAME's tag states a delay, which decoding takes out; without the tag alignment does."""
    sound = noise(3.0, channels=2, seed=4)
    folder = tmp_path / "mixes" / "a"
    write_sound(folder / "reference.wav", sound)
    told = folder / "told.mp3"
    soundfile.write(told, sound.T, 44_100, bitrate_mode="CONSTANT", compression_level=0.4)
    data = told.read_bytes()
    tag = data.index(b"LAME3")
    # Without its first frame, which holds nothing but the tag, the file states no delay.
    second_frame = data.index(data[:3], tag)
    (folder / "untold.mp3").write_bytes(data[second_frame:])
    (folder / "cover.jpg").write_bytes(b"")
    notices = import_mixes(tmp_path / "mixes", tmp_path / "out").notices
    assert any(re.search(r"told\.mp3: LAME.* states a delay of \d+ frames", n) for n in notices)
    assert any("untold.mp3: does not state its encoder's delay" in n for n in notices)
    assert "passage a: untold was 1105 frames late against reference; moved" in notices
    assert any("cover.jpg: is left alone" in notice for notice in notices)
    made = {name: read(tmp_path / "out" / "a" / f"{name}.wav")[0][0] for name in
            ("reference", "told", "untold")}  # fmt: skip
    for name in ("told", "untold"):
        assert np.corrcoef(made["reference"], made[name])[0, 1] > 0.98
    same = "a/untold.wav: is the same sound as a/told.wav, but for gain and dither"
    assert list(check(tmp_path / "out")) == [same]


def test_a_folder_without_mixes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no mixes"):
        import_mixes(tmp_path, tmp_path / "out")


def test_files_that_cannot_be_used_are_all_named_and_cost_nothing_else(
    mixes: Path, tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    write_sound(mixes / "verse" / "silent.wav", np.zeros((2, 88_200), dtype=np.float32))
    (mixes / "verse" / "junk.wav").write_text("no sound")
    (mixes / "chorus" / "empty.mp3").write_bytes(b"")
    write_sound(mixes / "chorus" / "theirs.flac", noise(2.0, channels=2, seed=9))
    write_sound(mixes / "chorus" / "wide.wav", noise(2.0, channels=3, seed=9))
    (mixes / "bridge").mkdir()
    (mixes / "bridge" / "ours.wav").write_text("no sound")
    out = tmp_path / "out"
    arguments = ["import", str(mixes), "-o", str(out), "--jobs", "1"]
    done = CliRunner().invoke(stimuli_command, arguments)
    assert done.exit_code == 1
    for said in (
        "passage verse: silent is silent here",
        "verse/junk.wav: is no sound file that can be read",
        "chorus/empty.mp3: is empty",
        "chorus/theirs.wav: passage chorus has two mixes called 'theirs'",
        "chorus/wide.wav: has 3 channels",
        "bridge/ours.wav: is no sound file",
    ):
        assert re.search(f"Failed: .*{re.escape(said)}", done.output), (said, done.output)
    assert str(done.exception) == "6 failures; the rest is imported"
    assert {(s.passage, s.system) for s in read_manifest(out).stimuli} == {
        (passage, system)
        for passage in ("verse", "chorus")
        for system in ("reference", "ours", "theirs")
    }
    assert list(out.rglob("*.part")) == []


def test_nothing_that_can_be_used_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "mixes" / "a").mkdir(parents=True)
    (tmp_path / "mixes" / "a" / "ours.wav").write_text("no sound")
    with pytest.raises(ValueError, match=r"nothing could be imported: .*ours.wav: is no sound"):
        import_mixes(tmp_path / "mixes", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("late", [44_100, -30_000])
def test_mixes_that_lie_elsewhere_are_cut_to_what_all_have(
    tmp_path: Path, write_sound: Write, late: int
) -> None:
    sound = 0.1 * np.random.default_rng(1).standard_normal((2, 132_300), np.float32)
    moved = np.pad(sound, ((0, 0), (max(late, 0), 0)))[:, max(-late, 0) :]
    write_sound(tmp_path / "mixes" / "a" / "reference.wav", sound)
    write_sound(tmp_path / "mixes" / "a" / "ours.wav", moved[:, :132_300])
    import_mixes(tmp_path / "mixes", tmp_path / "out")
    ours, theirs = (read(tmp_path / "out/a" / f"{name}.wav")[0] for name in ("ours", "reference"))
    assert ours.shape == theirs.shape == (2, 132_300 - abs(late))
    assert np.abs(ours - theirs).max() <= 4 / 32_768


def _louder(path: Path) -> None:
    write_wav(path, 2 * read(path)[0], 44_100)


def _clipping(path: Path) -> None:
    samples = read(path)[0]
    samples[:, 40_000] = 1.0
    write_wav(path, samples, 44_100)


def _shorter(path: Path) -> None:
    write_wav(path, read(path)[0][:, :-10], 44_100)


def _silent(path: Path) -> None:
    write_wav(path, 0 * read(path)[0], 44_100)


def _out_of_phase(path: Path) -> None:
    left = read(path)[0][:1]
    write_wav(path, np.concatenate([left, -left]), 44_100)


def _copied(path: Path) -> None:
    path.write_bytes((path.parent / "theirs.wav").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "flaw"),
    [
        (_louder, r"verse/ours\.wav: -1\d\.\d\d LUFS, \+\d\.\d\d LU from the median"),
        (_clipping, r"verse/ours\.wav: true peak of \+?-?\d\.\d\d dBTP, above -1 dBTP"),
        (_shorter, r"verse/ours\.wav: 88190 frames, others have 88200 frames"),
        (_silent, r"verse/ours\.wav: is silent"),
        (_out_of_phase, r"verse/ours\.wav: left and right are out of phase"),
        (_copied, r"verse/theirs\.wav: is byte for byte verse/ours\.wav"),
        (Path.unlink, r"verse/ours\.wav: is missing"),
        (_louder, "is not the file that the manifest describes"),
    ],
)
def test_every_flaw_is_named(fit: Path, spoil: Callable[[Path], None], flaw: str) -> None:
    spoil(fit / "verse" / "ours.wav")
    flaws = list(check(fit))
    assert any(re.search(flaw, line) for line in flaws), flaws


def test_a_missing_system_is_named(mixes: Path, tmp_path: Path) -> None:
    (mixes / "chorus" / "ours.flac").unlink()
    import_mixes(mixes, tmp_path / "out")
    assert list(check(tmp_path / "out")) == [
        "passage chorus: lacks ours, which other passages have"
    ]


def test_stimuli_are_not_put_among_code(tmp_path: Path) -> None:
    package = tmp_path / "stimuli"
    package.mkdir()
    (package / "__init__.py").touch()
    with pytest.raises(ValueError, match="holds the code of a Python package; give another folder"):
        make_folder(package)
    make_folder(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder").is_dir()
