"""Configurations of webMUSHRA become studies that run; what is not known is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import yaml
from click.testing import Result
from flask import Flask

from listening.db import Database
from listening.models import Study
from listening.simulate import simulate
from listening.studies import find_study
from listening.study_file import StudyFileError
from listening.webmushra.config_file import read_config
from listening.webmushra.convert import Imported, convert

SHARED = Path(__file__).parents[2].parent / "shared" / "webmushra_configs"
EXAMPLES = sorted(SHARED.glob("*.yaml"))
RATE_HZ = 44_100
Run = Callable[..., Result]

MUSHRA = """\
testname: <b>Coding</b> &amp; hearing
testId: Coding Test
bufferSize: 2048
stopOnErrors: true
showButtonPreviousPage: true
remoteService: service/write.php
pages:
  - type: mushra
    id: trial one
    name: Trial
    content: Rate them.<br/>Take <b>your</b> time.
    showWaveform: true
    enableLooping: false
    reference: configs/resources/audio/mono_ref.wav
    createAnchor35: true
    createAnchor70: false
    stimuli:
      C1: configs/resources/audio/mono_c1.wav
      C2: configs/resources/audio/mono_c2.wav
  - type: finish
    name: Thank you
    content: Bye
"""


@pytest.fixture
def root(webmushra_root: Path) -> Path:
    return webmushra_root


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=[str(argument) for argument in arguments])


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "config.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def imported(written: Callable[[str], Path]) -> Callable[[str], Imported]:
    return lambda text: convert(read_config(written(text))[0])


def created(run: Run, app: Flask, config: Path, root: Path, folder: Path, *more: str) -> str:
    """Import, check and create; returns what the import said."""
    done = run("study", "import-webmushra", config, "--audio", root, "-o", folder, *more)
    assert done.exit_code == 0, done.output
    checked = run("study", "check", folder / "study.yaml")
    assert checked.exit_code == 0, checked.output
    made = run("study", "create", folder / "study.yaml")
    assert made.exit_code == 0, made.output
    return done.stderr


@pytest.mark.skipif(not EXAMPLES, reason="webMUSHRA's examples are not there")
@pytest.mark.parametrize("config", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_becomes_a_study_that_runs(
    config: Path, run: Run, app: Flask, database: Database, root: Path, tmp_path: Path
) -> None:
    skip = ["--skip-unknown"] if "spatial" in config.name else []
    created(run, app, config, root, tmp_path / "out", *skip)
    with database.write() as session:
        study = session.query(Study).one()
        assert simulate(session, study, 3) == 3
        people = study.participants
        assert all(person.finished_at for person in people)
        asked = {page["type"] for page in leaf_entries(study.definition["pages"])}
        assert asked <= {page.kind for page in study.pages} | {"ratings"}


def leaf_entries(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        leaf
        for entry in entries
        for leaf in (leaf_entries(entry["pages"]) if entry["type"] == "group" else [entry])
    ]


@pytest.mark.skipif(not EXAMPLES, reason="webMUSHRA's examples are not there")
@pytest.mark.parametrize(("name", "line"), [("default", 17), ("consent", 22), ("spatial", 11)])
def test_what_is_not_strict_yaml_is_mended_and_named(name: str, line: int) -> None:
    path = SHARED / f"configs_{name}.yaml"
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load(path.read_text())
    _, mended = read_config(path)
    assert [(problem.line, problem.key) for problem in mended] == [(line, "content")]


@pytest.mark.skipif(not EXAMPLES, reason="webMUSHRA's examples are not there")
@pytest.mark.slow
def test_the_complete_example_keeps_its_structure(
    run: Run, app: Flask, database: Database, root: Path, tmp_path: Path
) -> None:
    said = created(run, app, SHARED / "configs_complete.yaml", root, tmp_path / "out")
    assert "is the reference, which is hidden among the stimuli anyway" in said
    with database.write() as session:
        study = find_study(session, "complete-test")
        simulate(session, study, 12)
        orders = [[visit.page.key for visit in person.visits] for person in study.participants]
        numbers = {page.kind: 0 for page in study.pages}
        for page in study.pages:
            numbers[page.kind] += 1
    assert numbers["mushra"] == 4
    assert numbers["bs1116"] == 2
    assert numbers["ab"] == 4
    assert numbers["likert"] == 1 + 1 + 3 + 1
    assert study.definition["languages"] == ["de"]
    for order in orders:
        # Instructions come right before the pages that they are about.
        assert order[order.index("instructions-3") + 1].startswith("bs1116")
        assert order[:3] == ["instructions", "volume", "instructions-2"]
        assert order[-2:] == ["questionnaire", "thanks"]
    assert len({order.index("instructions-3") for order in orders}) > 1


@pytest.mark.skipif(not EXAMPLES, reason="webMUSHRA's examples are not there")
def test_a_page_type_without_counterpart_stops_the_import_unless_told_otherwise(
    run: Run, root: Path, tmp_path: Path
) -> None:
    config = SHARED / "configs_spatial.yaml"
    done = run("study", "import-webmushra", config, "--audio", root, "-o", tmp_path / "out")
    assert done.exit_code != 0
    for line in (12, 50, 96):
        assert f"line {line}: pages[" in done.output
    assert "page type 'spatial' asks for places in a room" in done.output
    assert "--skip-unknown leaves out" in done.output
    assert not (tmp_path / "out").exists()


def test_a_mushra_page_by_its_parts(imported: Callable[[str], Imported]) -> None:
    found = imported(MUSHRA)
    assert (found.problems, found.unknown) == ((), ())
    assert found.study["title"] == "Coding & hearing"
    assert found.study["slug"] == "coding-test"
    page, thanks = found.study["pages"]
    assert page == {
        "type": "mushra",
        "text": "## Trial\n\nRate them.\\\nTake **your** time.",
        "passages": ["trial_one"],
        "options": {"waveform": True, "loop": False},
        "attributes": [{"key": "quality", "question": "How is the quality of the sound?"}],
    }
    assert thanks == {"type": "thanks", "text": "## Thank you\n\nBye"}
    (comparison,) = found.comparisons
    assert list(comparison.systems) == ["C1", "C2"]
    assert comparison.anchors == ("anchor_3500",)


def test_reference_and_anchors_are_made(
    run: Run, written: Callable[[str], Path], root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run("study", "import-webmushra", written(MUSHRA), "--audio", root, "-o", out)
    assert "coding-test" in run("study", "create", out / "study.yaml").output
    sounds = {path.stem: soundfile.read(path)[0] for path in out.glob("stimuli/*/*.wav")}
    assert set(sounds) == {"C1", "C2", "reference", "open_reference", "anchor_3500"}
    original = soundfile.read(root / "configs/resources/audio/mono_ref.wav")[0]
    one_bit = 2.0**-15
    assert np.abs(sounds["reference"] - original).max() <= 2 * one_bit
    assert not np.array_equal(sounds["reference"], sounds["open_reference"])
    high = np.abs(np.fft.rfft(sounds["anchor_3500"]))[RATE_HZ // 4 * 5000 // RATE_HZ :]
    assert high.max() < 0.02 * np.abs(np.fft.rfft(original)).max()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("type: mushra", "type: mushroom", "line 8: pages[0]: page type 'mushroom' is no page"),
        ("showWaveform", "shwoWaveform", "line 12: pages[0].shwoWaveform: is no key of a page"),
        ("shwo", "", "did you mean showWaveform?"),
        ("bufferSize", "bufsize", "line 3: bufsize: is no key of a configuration"),
        ("mono_c1", "mono_c9", "line 18: pages[0].stimuli.C1: there is no"),
        ("configs/resources/audio/mono_c1", "../../etc/passwd", "leads out of"),
        ("configs/resources/audio/mono_c1", "http://x.org/a", "is an address; download"),
        ("    reference: configs/resources/audio/mono_ref.wav\n", "", "pages[0].reference: is"),
        ("    stimuli:", "    stimulus:", "pages[0].stimulus: is no key of a page"),
        ("C2: configs", "C2: [configs", "line "),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    run: Run, written: Callable[[str], Path], root: Path, tmp_path: Path,
    old: str, new: str, expected: str,
) -> None:  # fmt: skip
    text = MUSHRA.replace("showWaveform", "shwoWaveform") if old == "shwo" else MUSHRA
    config = written(text if old == "shwo" else text.replace(old, new))
    done = run("study", "import-webmushra", config, "--audio", root, "-o", tmp_path / "out")
    assert done.exit_code != 0
    assert expected in done.output
    assert "Traceback" not in done.output
    assert not (tmp_path / "out" / "study.yaml").exists()


def test_unknown_keys_are_left_out_when_told_to(
    run: Run, app: Flask, written: Callable[[str], Path], root: Path, tmp_path: Path
) -> None:
    config = written(MUSHRA.replace("    showWaveform", "    blinkTwice: 3\n    showWaveform"))
    said = created(run, app, config, root, tmp_path / "out", "--skip-unknown")
    assert "line 12: pages[0].blinkTwice: is no key of a page of type mushra" in said
    assert "line 12: pages[0].blinkTwice" in (tmp_path / "out" / "study.yaml").read_text()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("content: Bye", "popupcontent: Bye", "line 22: pages[1].popupcontent: was read as popup"),
        ("createAnchor70: false", "showConditionNames: true", "the names of systems stay hidden"),
        ("content: Bye", "content: Bye <img src=x onerror=y()>", "attribute onerror, <img>"),
        ("content: Bye", "showResults: true", "participants are not shown their results"),
        ("remoteService", "language: jp\nremoteService", "'jp' is none of en, de"),
        ("mono_c1", "mono_ref", "is the reference, which is hidden among the stimuli anyway"),
    ],
)
def test_what_is_different_is_said(
    imported: Callable[[str], Imported], old: str, new: str, expected: str
) -> None:
    assert old in MUSHRA
    found = imported(MUSHRA.replace(old, new))
    assert found.problems == ()
    assert expected in "\n".join(map(str, found.notes))


def test_questions_get_keys_that_no_page_stores(imported: Callable[[str], Imported]) -> None:
    names = ("verdict", "Comment", "comment", "Trial 3", "age")
    asked = "".join(f"\n      - {{type: text, name: {name}, label: Say}}" for name in names)
    found = imported(MUSHRA.replace("content: Bye", f"content: Bye\n    questionnaire:{asked}"))
    assert found.problems == ()
    (page,) = [page for page in found.study["pages"] if page["type"] == "questionnaire"]
    keys = [question["key"] for question in page["questions"]]
    assert keys == ["verdict_2", "comment", "q_comment_2", "trial_3_2", "age"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("content: Bye", "content: Mind: the gap: 'here'"),
        ("content: Bye", "content: @home `now`"),
        ("content: Bye", "content: *not an alias"),
        ("content: Bye", "content: &nbsp;Bye"),
        ("content: Bye", 'content: "Bye" she said'),
        ("content: Bye", "content: Bye\n      and: more\n      lines"),
        ("content: Bye", "content: %20"),
    ],
)
def test_values_that_yaml_cannot_read_are_quoted(
    written: Callable[[str], Path], old: str, new: str
) -> None:
    node, mended = read_config(written(MUSHRA.replace(old, new)))
    assert [problem.line for problem in mended] == [22]
    page = node.mapping()["pages"].items()[1]
    expected = new.removeprefix("content: ")
    assert re.sub(r"\s+", " ", page.text("content")) == re.sub(r"\s+", " ", expected)


def test_words_stay_words(written: Callable[[str], Path]) -> None:
    node, _ = read_config(written("a: no\nb: yes\nc: 'true'\nd: true\ne: 1e3\nf: 0x10\ng: 3.5\n"))
    values = {key: value.value for key, value in node.mapping().items()}
    assert values == {
        "a": "no", "b": "yes", "c": "true", "d": True, "e": "1e3", "f": "0x10", "g": 3.5,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "pages: " + "[" * 4000,
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n"
            for a, b in zip("abcdef", "bcdefg", strict=True)
        ),
        "- a\n- b\n",
        "pages: &a [*a]\n",
        "\x00\x01",
    ],
)
def test_hostile_files_are_refused_in_a_line(written: Callable[[str], Path], text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        read_config(written(text))
    assert isinstance(caught.value, StudyFileError | ValueError)


def test_an_import_overwrites_nothing(
    run: Run, written: Callable[[str], Path], root: Path, tmp_path: Path
) -> None:
    (tmp_path / "study.yaml").write_text("mine")
    done = run("study", "import-webmushra", written(MUSHRA), "--audio", root, "-o", tmp_path)
    assert done.exit_code != 0
    assert "overwrites nothing" in done.output
    assert (tmp_path / "study.yaml").read_text() == "mine"
