"""The commands of `flask study`, on a fresh instance."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import sleep
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from jsonschema import Draft202012Validator

from listening.audit import newest_entries, note
from listening.db import Database
from listening.export import COLUMNS
from listening.sounds import keep_sounds
from listening.studies import all_studies, make_study, store_study
from listening.study_file import read_study_file

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    runner = app.test_cli_runner()
    return lambda *arguments: runner.invoke(args=[str(argument) for argument in arguments])


def test_a_study_from_file_to_simulated_table(
    run: Run, write_study: Callable[..., Path], tmp_path: Path
) -> None:
    assert "9 pages" in run("study", "create", write_study()).output
    assert run("study", "simulate", "test", "--participants", 4).exit_code == 0
    assert "4 simulated" in run("study", "list").output
    assert (
        "4 simulated participants joined, 4 finished, 48 ratings"
        in run("study", "status", "test").output
    )
    rows = list(csv.DictReader(io.StringIO(run("study", "export", "test", "--simulated").output)))
    assert len(rows) == 4 * 3 * 4
    assert tuple(rows[0]) == COLUMNS
    assert {row["simulated"] for row in rows} == {"true"}
    assert {row["participant"] for row in rows} == {"S001", "S002", "S003", "S004"}
    output = tmp_path / "real.csv"
    assert run("study", "export", "test", "-o", output).exit_code == 0
    assert output.read_text().splitlines() == [",".join(COLUMNS)]


def test_simulating_again_adds_nobody_twice(run: Run, write_study: Callable[..., Path]) -> None:
    run("study", "create", write_study())
    run("study", "simulate", "test", "--participants", 2)
    before = run("study", "export", "test", "--simulated").output
    assert run("study", "simulate", "test", "--participants", 2).output.startswith("0 simulated")
    assert run("study", "export", "test", "--simulated").output == before


def test_closing_and_opening(run: Run, app: Flask, write_study: Callable[..., Path]) -> None:
    run("study", "create", write_study(), "--closed")
    client = app.test_client()
    assert "No study is open" in client.get("/").text
    assert run("study", "open", "test").exit_code == 0
    assert "A test study" in client.get("/").text
    assert run("study", "close", "test").exit_code == 0
    assert "This study is closed" in client.get("/studies/test/").text


def test_a_study_is_not_made_twice(run: Run, write_study: Callable[..., Path]) -> None:
    path = write_study()
    run("study", "create", path)
    again = run("study", "create", path)
    assert again.exit_code != 0
    assert "there is a study 'test' already" in again.output


def test_nobody_waits_while_sounds_are_taken_in(
    run: Run, database: Database, write_study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listening.db.BUSY_TIMEOUT_MS", 10)

    def keep(*what: Any) -> Any:
        with database.write() as session:
            note(session, "me", "saved meanwhile")
        return keep_sounds(*what)

    monkeypatch.setattr("listening.studies.keep_sounds", keep)
    made = run("study", "create", write_study())
    assert made.exit_code == 0, made.output
    assert run("study", "create", write_study()).exit_code == 1
    with database.read() as session:
        actions = [entry.action for entry in newest_entries(session)]
    # The second time no sound was touched.
    assert actions == ["created", "saved meanwhile"]


def test_the_same_sound_is_kept_by_two_at_once(
    write_study: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, write_bytes = read_study_file(write_study(passages=["ballad"])), Path.write_bytes
    both = Barrier(2, timeout=10)

    def write_together(path: Path, data: bytes) -> int:
        written = write_bytes(path, data)
        both.wait()
        return written

    monkeypatch.setattr(Path, "write_bytes", write_together)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _: make_study(source, tmp_path / "kept"), range(2)))
    assert len({tuple(item.file_sha256 for item in study.stimuli) for study in made}) == 1
    assert not list(tmp_path.glob("kept/**/*.part"))


def test_of_two_studies_of_one_name_that_are_stored_at_once_one_is(
    app: Flask, database: Database, write_study: Callable[..., Path]
) -> None:
    source, folder = read_study_file(write_study()), Path(app.config["STIMULI_PATH"])
    first, second = make_study(source, folder), make_study(source, folder)

    def store() -> None:
        with database.write() as session:
            store_study(session, second)

    with ThreadPoolExecutor(1) as pool:
        with database.write() as session:
            store_study(session, first)
            # It does not see the first one yet, in PostgreSQL, or has to wait, in SQLite.
            storing = pool.submit(store)
            sleep(0.3)
        with pytest.raises(ValueError, match="there is a study 'test' already"):
            storing.result()
    with database.read() as session:
        assert [study.slug for study in all_studies(session)] == ["test"]


def test_a_deleted_participant_is_gone_and_the_number_is_not_used_again(
    run: Run, write_study: Callable[..., Path]
) -> None:
    run("study", "create", write_study())
    run("study", "simulate", "test", "--participants", 2)
    deleted = run("study", "delete-participant", "test", "S002", "--yes")
    assert deleted.exit_code == 0, deleted.output
    table = run("study", "export", "test", "--simulated").output
    assert "S001" in table
    assert "S002" not in table
    run("study", "simulate", "test", "--participants", 2)
    table = run("study", "export", "test", "--simulated").output
    assert "S003" in table
    assert "S002" not in table


def test_the_printed_schema_takes_what_the_room_takes(
    run: Run, write_study: Callable[..., Path]
) -> None:
    import yaml

    schema = json.loads(run("study", "schema").output)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    good = yaml.safe_load(write_study(pages=["consent", {"type": "ratings"}]).read_text())
    assert list(validator.iter_errors(good)) == []
    assert list(validator.iter_errors({**good, "interfcae": "ape"})) != []


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"primary": "friedman"}, "primary 'friedman' is none of wilcoxon"),
        ({"primary": "bradley-terry"}, "is of paired comparisons"),
        ({"screening": [{"rule": "hidden referense"}]}, "no rule is called 'hidden referense'"),
        ({"alfa": 0.01}, "unknown alfa"),
        ({"attribute": "loudness"}, "'loudness' is none of preference"),
        ({"trend": ["mono", "stereo", "random"]}, "trend[1]: 'stereo' is none of "),
        (
            {"trend": ["mono", "random", "anchor35"]},
            "takes every system that is compared; target is not named",
        ),
        ({"screening": [{"rule": "trap", "system": "beep"}]}, "[0].system: 'beep' is none of"),
        ({"screening": [{"rule": "trap"}]}, "screening[0]: screening: rule 'trap' needs system"),
    ],
)
def test_a_plan_that_cannot_be_followed_is_refused_before_the_data_come(
    run: Run, write_study: Callable[..., Path], plan: dict[str, object], message: str
) -> None:
    refused = run("study", "create", write_study(analysis=plan))
    assert refused.exit_code != 0
    assert f": analysis.{next(iter(plan))}" in refused.output
    assert message in refused.output
    assert "test" not in run("study", "list").output


@pytest.mark.parametrize("rule", ["hidden reference", "better than chance"])
def test_a_rule_about_references_needs_one(
    run: Run, write_study: Callable[..., Path], rule: str
) -> None:
    asked = {"interface": "multistimulus", "analysis": {"screening": [{"rule": rule}]}}
    without = write_study(**asked, systems=["mono", "random"])
    refused = run("study", "check", without)
    assert refused.exit_code != 0
    assert "analysis.screening[0]: no hidden reference is rated" in refused.output
    assert run("study", "check", write_study(**asked)).exit_code == 0


def test_who_has_finished_is_not_stuck_on_the_last_page(
    run: Run, write_study: Callable[..., Path]
) -> None:
    run("study", "create", write_study())
    run("study", "simulate", "test", "--participants", 2)
    thanks = next(
        line for line in run("study", "status", "test").output.splitlines() if "thanks" in line
    )
    assert thanks.split() == ["thanks", "2", "0", "0", "0"]


@pytest.mark.slow
def test_simulated_and_real_ratings_are_analysed_apart(
    run: Run, app: Flask, write_study: Callable[..., Path], tmp_path: Path
) -> None:
    run("study", "create", write_study(interface="ape"))
    nobody = run("analyse", "test", "-o", tmp_path / "out")
    assert "study 'test' has no ratings yet" in nobody.output
    assert not (tmp_path / "out").exists()
    run("study", "simulate", "test", "--participants", 4)
    for options in ([], ["--simulated"]):
        done = run("analyse", "test", "-o", tmp_path / "out", *options)
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith("SIMULATED DATA")
        assert "4 participants" in done.stdout
    results = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert results["simulated"] is True
    for figure in (tmp_path / "out" / "figures").glob("*.svg"):
        assert "SIMULATED" in figure.read_text(encoding="utf-8")
