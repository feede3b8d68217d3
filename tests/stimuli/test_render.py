"""What is rendered is equally loud and long, reproducible, resumable, honest about faults."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.typing import NDArray

from mixers.loudness import integrated_loudness, true_peak
from mixers.settings import settings_from_json
from stimuli.audio import read, resample
from stimuli.cli.stimuli import stimuli as stimuli_command
from stimuli.datasets.dataset import open_dataset
from stimuli.manifest import read_manifest
from stimuli.names import slug
from stimuli.plan import Plan
from stimuli.render import render
from stimuli.session import FADE_S

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]
PLAN = Plan(("mono", "random", "target"), passages_per_song=2, duration_s=1.5, seed=3)
EVERYTHING = replace(PLAN, anchors=True, reference=True)


@pytest.fixture
def songs(tmp_path: Path, noise: Noise, write_sound: Write) -> Path:
    """A song with a human mix at 48 kHz, and one without."""
    folder = tmp_path / "songs"
    for seed, name in enumerate(("kick", "bass", "mix")):
        channels = 2 if name == "mix" else 1
        samples = noise(6.0, 48_000, channels, seed)
        samples[:, ::6_000] = 0.95
        write_sound(folder / "Ålesund 1" / f"{name}.wav", samples, 48_000)
    write_sound(folder / "plain" / "kick.wav", noise(5.0, seed=7))
    return folder


def hashes(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in out.rglob("*.wav")
    }


def test_stimuli_of_a_passage_are_equally_long_and_loud(songs: Path, tmp_path: Path) -> None:
    report = render(open_dataset(songs), EVERYTHING, tmp_path / "out")
    assert report.failures == ()
    for stimulus in report.manifest.stimuli:
        path = tmp_path / "out" / stimulus.path
        samples, rate_hz = read(path)
        assert path.stat().st_size == 44 + 4 * round(1.5 * 44_100)
        assert rate_hz == stimulus.sample_rate_hz == 44_100
        assert integrated_loudness(samples, rate_hz) == pytest.approx(-23.0, abs=0.02)
        assert true_peak(samples, rate_hz) <= -1.0
        assert np.abs(samples[:, [0, -1]]).max() < 2e-4
        assert hashlib.sha256(path.read_bytes()).hexdigest() == stimulus.sha256


def test_a_peak_lowers_the_whole_passage_alike(songs: Path, tmp_path: Path) -> None:
    report = render(open_dataset(songs), replace(PLAN, target_lufs=-10.0), tmp_path / "out")
    spiky = {s.passage for s in report.manifest.stimuli if s.system == "target"}
    for passage in spiky:
        here = [s for s in report.manifest.stimuli if s.passage == passage]
        sounds = [read(tmp_path / "out" / stimulus.path)[0] for stimulus in here]
        measured = [integrated_loudness(samples, 44_100) for samples in sounds]
        assert np.ptp(measured) < 0.02
        assert max(measured) < -10.1
        assert measured[0] == pytest.approx(here[0].loudness_lufs, abs=0.02)
        assert -1.2 < max(true_peak(samples, 44_100) for samples in sounds) <= -1.0


def test_reference_and_anchors_have_their_roles(songs: Path, tmp_path: Path) -> None:
    report = render(open_dataset(songs), EVERYTHING, tmp_path / "out")
    roles = {(s.song, s.system, s.role) for s in report.manifest.stimuli}
    assert roles == {
        ("Ålesund 1", "mono", "system"),
        ("Ålesund 1", "random", "system"),
        ("Ålesund 1", "target", "reference"),
        ("Ålesund 1", "target", "open_reference"),
        ("Ålesund 1", "anchor_3500", "anchor"),
        ("Ålesund 1", "anchor_7000", "anchor"),
        ("plain", "mono", "system"),
        ("plain", "random", "system"),
    }
    assert report.notices == (
        "plain: no human mix, so Target is skipped, and with it reference and anchors",
    )


def test_the_hidden_reference_sounds_alike_and_differs_in_bytes(
    songs: Path, tmp_path: Path
) -> None:
    manifest = render(open_dataset(songs), EVERYTHING, tmp_path / "out").manifest
    pair = [s for s in manifest.stimuli if "reference" in s.role][:2]
    hidden, shown = (read(tmp_path / "out" / stimulus.path)[0] for stimulus in pair)
    assert pair[0].sha256 != pair[1].sha256
    assert np.abs(hidden - shown).max() <= 3 / 32_768


def test_the_target_is_the_songs_mix_at_its_place(songs: Path, tmp_path: Path) -> None:
    dataset = open_dataset(songs)
    manifest = render(dataset, PLAN, tmp_path / "out").manifest
    stimulus = next(s for s in manifest.stimuli if s.system == "target")
    samples, _ = read(tmp_path / "out" / stimulus.path)
    target = dataset.open_song(stimulus.song).load().target
    assert target is not None
    start = round(stimulus.start_s * 44_100)
    expected = resample(target, 48_000, 44_100)[:, start : start + samples.shape[1]]
    inside = slice(round(FADE_S * 44_100) + 1, -round(FADE_S * 44_100) - 1)
    difference = samples - expected * 10 ** (stimulus.gain_db / 20)
    assert np.abs(difference[:, inside]).max() < 3 / 32_768


@pytest.mark.slow
def test_same_seed_same_bytes_on_any_number_of_cores(songs: Path, tmp_path: Path) -> None:
    dataset = open_dataset(songs)
    render(dataset, EVERYTHING, tmp_path / "a", jobs=1)
    render(dataset, EVERYTHING, tmp_path / "b", jobs=2)
    render(dataset, replace(EVERYTHING, seed=4), tmp_path / "c")
    assert hashes(tmp_path / "a") == hashes(tmp_path / "b")
    assert not set(hashes(tmp_path / "a").values()) & set(hashes(tmp_path / "c").values())


def test_a_second_run_makes_only_what_is_missing(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    render(open_dataset(songs), PLAN, out)
    before = hashes(out)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.wav")}
    manifest = (out / "manifest.json").read_bytes()
    lost, *kept = sorted(times)
    lost.write_bytes(lost.read_bytes()[:-4])
    render(open_dataset(songs), PLAN, out)
    assert hashes(out) == before
    again = [path for path in kept if path.stat().st_mtime_ns != times[path]]
    assert again == []
    assert (out / "manifest.json").read_bytes() == manifest


def test_a_changed_track_is_rendered_again(
    songs: Path, tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    out = tmp_path / "out"
    render(open_dataset(songs), PLAN, out)
    before = hashes(out)
    write_sound(songs / "plain" / "kick.wav", noise(5.0, seed=8))
    render(open_dataset(songs), PLAN, out)
    changed = {path for path, digest in hashes(out).items() if before.get(path) != digest}
    assert {path.split("/")[0] for path in changed} == {"plain-1", "plain-2"}


def test_one_more_system_costs_no_other_its_file(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    render(open_dataset(songs), PLAN, out)
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.wav")}
    more = replace(PLAN, systems=(*PLAN.systems, "expert"))
    report = render(open_dataset(songs), more, out)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    new = [stimulus for stimulus in report.manifest.stimuli if stimulus.system == "expert"]
    assert len(new) == 4
    for stimulus in new:
        assert stimulus.settings is not None
        assert settings_from_json((out / stimulus.settings).read_text(encoding="utf-8")).tracks
    assert hashes(out) == _rendered_at_once(more, songs, tmp_path / "at once")


def _rendered_at_once(plan: Plan, songs: Path, out: Path) -> dict[str, str]:
    render(open_dataset(songs), plan, out)
    return hashes(out)


def test_a_system_that_refuses_is_left_out_of_its_passage_alone(
    songs: Path, tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    for seed, name in enumerate(("lead vocals", "guitar")):
        write_sound(songs / "led" / f"{name}.wav", noise(5.0, seed=seed))
    arguments = ["render", str(songs), "-o", str(tmp_path / "out"), "--systems", "mono,ducking"]
    done = CliRunner().invoke(stimuli_command, [*arguments, "--seconds", "1.5", "--jobs", "1"])
    assert done.exit_code == 1
    assert "Failed: plain-1: ducking: " in done.output
    made = {(s.song, s.system) for s in read_manifest(tmp_path / "out").stimuli}
    assert made == {
        ("led", "mono"), ("led", "ducking"), ("plain", "mono"), ("Ålesund 1", "mono")
    }  # fmt: skip


def test_the_manifest_says_what_was_measured(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for stimulus in render(open_dataset(songs), EVERYTHING, out).manifest.stimuli:
        measured_lufs = integrated_loudness(*read(out / stimulus.path))
        assert stimulus.loudness_lufs == round(measured_lufs, 3)


def test_what_a_killed_process_left_half_written_goes(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    render(open_dataset(songs), PLAN, out)
    left = [out / "plain-1" / "mono.wav.4711.part", out / ".rendered" / "0.json.4711.part"]
    for partial in left:
        partial.write_bytes(b"RIFF")
        os.utime(partial, (0, 0))
    render(open_dataset(songs), PLAN, out)
    assert list(out.rglob("*.part")) == []


def test_what_is_no_longer_asked_for_goes(songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    render(open_dataset(songs), PLAN, out)
    render(open_dataset(songs), replace(PLAN, systems=("mono",)), out)
    assert {Path(path).name for path in hashes(out)} == {"mono.wav"}
    render(open_dataset(songs), replace(PLAN, systems=("mono",), passages_per_song=1), out)
    assert sum(path.is_dir() for path in out.iterdir() if path.name != ".rendered") == 2


def test_bad_songs_are_named_and_cost_nothing_else(
    songs: Path, tmp_path: Path, noise: Noise, write_sound: Write
) -> None:
    write_sound(songs / "short" / "kick.wav", noise(0.4))
    write_sound(songs / "silent" / "kick.wav", 0 * noise(5.0))
    (songs / "broken").mkdir()
    (songs / "broken" / "kick.wav").write_text("no sound")
    out = tmp_path / "out"
    arguments = ["render", str(songs), "-o", str(out), "--seconds", "1.5", "--jobs", "1"]
    done = CliRunner().invoke(stimuli_command, arguments)
    assert done.exit_code == 1
    for fault in ("short: ", "silent: ", "broken: "):
        assert f"Failed: {fault}" in done.output
    assert {s.song for s in read_manifest(out).stimuli} == {"Ålesund 1", "plain"}


def test_passages_by_hand_are_rendered_and_no_others(songs: Path, tmp_path: Path) -> None:
    by_hand = tmp_path / "passages.csv"
    by_hand.write_text(
        "song,start_s,duration_s,name\nplain,1.25,2,verse\nplain,4,9,late\nnobody,0,2,none\n"
    )
    arguments = ["render", str(songs), "-o", str(tmp_path / "out"), "--systems", "mono"]
    done = CliRunner().invoke(
        stimuli_command, [*arguments, "--passages", str(by_hand), "--jobs", "1"]
    )
    assert done.exit_code == 1
    assert "Failed: late: song 'plain' lasts 5.00 s" in done.output
    assert "Failed: none: " in done.output
    (stimulus,) = read_manifest(tmp_path / "out").stimuli
    assert (stimulus.id, stimulus.start_s, stimulus.duration_s) == ("verse.mono", 1.25, 2.0)


def test_chosen_passages_can_be_written_and_rendered(songs: Path, tmp_path: Path) -> None:
    chosen, out = tmp_path / "passages.csv", tmp_path / "out"
    choice = ["--seconds", "2", "--choose", "change", "--seed", "5", "--jobs", "1"]
    runner = CliRunner()
    runner.invoke(stimuli_command, ["passages", str(songs), "-o", str(chosen), *choice])
    render_it = ["render", str(songs), "--systems", "mono,random", "--seed", "5", "--jobs", "1"]
    runner.invoke(stimuli_command, [*render_it, "-o", str(out), "--passages", str(chosen)])
    runner.invoke(stimuli_command, [*render_it, *choice, "-o", str(tmp_path / "automatic")])
    assert len(hashes(out)) == 4
    assert hashes(out) == hashes(tmp_path / "automatic")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"systems": ()}, "no systems"),
        ({"systems": ("nobody",)}, "there is no mixer 'nobody'"),
        ({"duration_s": float("nan")}, "passages of nan s"),
        ({"passages_per_song": 0}, "0 passages per song"),
        ({"target_lufs": 3.0}, "loudness of 3 LUFS"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(PLAN, **change)  # type: ignore[arg-type]


def test_slugs_are_safe_and_differ() -> None:
    names = ["plain", "a b", "a-b", "a/b", "../x", "Ålesund", "Ölesund"]
    slugs = [slug(name) for name in names]
    assert slugs[0] == "plain"
    assert len(set(slugs)) == len(names)
    assert all(part.isascii() and "/" not in part and not part.startswith(".") for part in slugs)
