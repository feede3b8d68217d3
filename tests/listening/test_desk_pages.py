"""Preview, timelines, results, retention and the log of the desk."""

from __future__ import annotations

import fcntl
import html
import json
import re
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from listening import retention
from listening.audit import newest_entries, note
from listening.balance import balance
from listening.db import Database
from listening.models import AuditEntry, Base, Event, Participant, Rating, now
from listening.progress import AWAY, study_progress
from listening.results import (
    Request,
    analyse_request,
    forget_results,
    read_results,
    results_folder,
    start_analysis,
)
from listening.simulate import simulate
from listening.studies import find_study
from tests.at_the_desk import csrf_token, log_in
from tests.listening.conftest import PASSAGES
from tests.listening.test_journey import fill, page_data

STUDY = "/desk/studies/test"


def contents(database: Database) -> dict[str, list[Any]]:
    """Every row of every table but the log."""
    with database.read() as session:
        return {
            table.name: [tuple(row) for row in session.execute(select(table))]
            for table in Base.metadata.sorted_tables
            if table.name != AuditEntry.__tablename__
        }


def send(desk: FlaskClient, address: str, page: str = f"{STUDY}/", **fields: str) -> int:
    token = csrf_token(desk.get(page))
    return desk.post(address, data={"csrf_token": token, **fields}).status_code


def take_part(client: FlaskClient, key: str) -> str:
    """Rate the first page of a study that has only rating pages; the address of the run."""
    address = client.post("/studies/test/", data={"join_key": key * 16}).location
    body = fill(page_data(client.get(address, follow_redirects=True)))
    data = page_data(client.get(address, follow_redirects=True))
    assert client.put(data["api"]["page"], json={**body, "complete": True}).status_code == 200
    event = {"at": now().isoformat(), "page": 1, "name": "play"}
    event["data"] = {"stimulus": data["stimuli"][0]["id"], "ms": 120}
    assert client.post(data["api"]["events"], json={"events": [event]}).status_code == 204
    return address


def test_every_page_can_be_previewed_and_nothing_is_stored(
    desk: FlaskClient, database: Database
) -> None:
    before = contents(database)
    assert desk.get(f"{STUDY}/preview/").status_code == 200
    for n in range(1, 10):
        answer = desk.get(f"{STUDY}/preview/{n}")
        assert "Preview: nothing is stored" in answer.text
        data = page_data(answer)
        for stimulus in data["stimuli"]:
            assert desk.get(stimulus["url"]).content_type == "audio/wav"
        if data["attributes"]:
            refused = desk.put(data["api"]["page"], json={"revision": 1, "complete": True})
            assert refused.status_code == 422
            taken = desk.put(data["api"]["page"], json={**fill(data), "complete": True}).json
            assert taken is not None
            assert (taken["complete"], taken["next"]) == (True, f"{STUDY}/preview/{n + 1}")
        assert desk.post(data["api"]["events"], json={"events": []}).status_code == 204
    assert desk.get(f"{STUDY}/preview/10").status_code == 404
    assert contents(database) == before


def test_a_preview_of_practice_comes_back_with_feedback(
    desk: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    said = {"system": "mono", "text": "Too narrow", "low": 0, "high": 40}
    pages = [
        {"type": "mushra", "training": True, "feedback": [said]},
        {"type": "abx", "training": True, "pairs": [["mono", "target"]]},
        "ratings",
    ]
    add_study(slug="wide", pages=pages)
    before = contents(database)
    address = "/desk/studies/wide/preview/1?language=en"
    for n in (1, 2):
        data = page_data(desk.get(address))
        sent = fill(data)
        for at, rating in enumerate(sent["ratings"]):
            rating["score"] = 100.0 * at if n == 2 else 10 * at + 0.5
        taken = desk.put(data["api"]["page"], json=sent).json
        assert taken is not None
        after = page_data(desk.get(taken["next"]))
        assert (after["n"], after["locked"]) == (n, True)
        assert [item["text"] for item in after["feedback"]] == (["Too narrow"] if n == 1 else [])
        assert (after["x_was"] in [stimulus["id"] for stimulus in data["stimuli"]]) == (n == 2)
        scores = [[item["score"] for item in of["ratings"]] for of in (sent, after["saved"])]
        assert scores[0] == scores[1]
        address = after["next"]
        assert f"/preview/{n + 1}" in address
        assert "language=en" in address
    for odd in ("", "1", "1_2_3_x", "1_2_3_nan", "1_2_3_101", "1_2_3_4_5"):
        left = desk.get(f"/desk/studies/wide/preview/1?left_with={odd}")
        assert left.status_code == 404
    assert contents(database) == before


def test_a_preview_refuses_what_a_run_refuses_in_the_same_words(
    desk: FlaskClient, client: FlaskClient, add_study: Callable[..., str]
) -> None:
    add_study(slug="wide", pages=["ratings"])
    joined = client.post("/studies/wide/", data={"join_key": "k" * 20}).location
    run = page_data(client.get(joined, follow_redirects=True))["api"]["page"]
    preview = page_data(desk.get("/desk/studies/wide/preview/1"))["api"]["page"]
    for sent in ({}, {"revision": 0, "more": 1}, {"revision": 1, "answers": {"age": "3"}},
                 {"revision": 1, "complete": True}):  # fmt: skip
        here, there = desk.put(preview, json=sent), client.put(run, json=sent)
        assert here.status_code == there.status_code >= 400
        assert here.json == there.json


def test_forms_of_a_preview_are_checked_and_lead_on(desk: FlaskClient, database: Database) -> None:
    before = contents(database)
    assert desk.post(f"{STUDY}/preview/1").status_code == 422
    agreed = desk.post(f"{STUDY}/preview/1", data={"agree": "yes"})
    assert agreed.location == f"{STUDY}/preview/2"
    assert contents(database) == before


def test_a_closed_study_can_be_previewed_and_stays_closed(
    app: Flask, add_study: Callable[..., str], desk: FlaskClient
) -> None:
    add_study("closed", slug="later")
    assert desk.get("/desk/studies/later/preview/1").status_code == 200
    assert "This study is closed" in app.test_client().get("/studies/later/").text


def test_every_page_of_each_group_can_be_previewed_in_each_language(
    desk: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    add_study(
        slug="wide",
        passages_each=1,
        groups=["first", "second", "third"],
        languages=["en", "de"],
        pages=[
            {"type": "instructions", "text": {"en": "One", "de": "Eins"}, "for_group": "first"},
            {"type": "instructions", "text": {"en": "Two", "de": "Zwei"}, "for_group": "second"},
            "ratings",
        ],
    )
    before = contents(database)
    for group, words in (("first", "Eins"), ("second", "Zwei")):
        address = f"/desk/studies/wide/preview/?group={group}&language=de"
        listed = desk.get(address).text
        assert {f"ratings-{name}" for name in PASSAGES} == set(re.findall(r"ratings-\w+", listed))
        (link,) = re.findall(r'href="([^"]+/preview/1[^"]*)"', listed)
        page = desk.get(html.unescape(link))
        assert words in page.text
        assert 'lang="de"' in page.text
        kept = desk.get(page_data(page)["next"]).text
        assert 'lang="de"' in kept
    assert (
        len(re.findall(r"/preview/\d", desk.get("/desk/studies/wide/preview/?group=third").text))
        == 4
    )
    for odd in ("group=fourth", "language=fr"):
        assert desk.get(f"/desk/studies/wide/preview/?{odd}").status_code == 404
    assert contents(database) == before


@pytest.fixture
def rating_desk(
    app: Flask, database: Database, desk: FlaskClient, add_study: Callable[..., str]
) -> FlaskClient:
    """The desk, where study `test` has rating pages alone."""
    with database.write() as session:
        session.delete(find_study(session, "test"))
    add_study(pages=["ratings"])
    return desk


def test_a_timeline_tells_what_happened(
    app: Flask, rating_desk: FlaskClient, database: Database
) -> None:
    take_part(app.test_client(), "a")
    text = rating_desk.get(f"{STUDY}/participants/P001").text
    for word in ("joined", "page opened", "page completed", "play", "ms 120", "stimulus A ("):
        assert word in text
    for label in ("P002", "S001", "X1", "P", "P" + "9" * 40):
        assert rating_desk.get(f"{STUDY}/participants/{label}").status_code == 404


def test_a_participant_is_deleted_only_where_the_label_was_typed(
    app: Flask, rating_desk: FlaskClient, database: Database
) -> None:
    for key in "ab":
        take_part(app.test_client(), key)
    address = f"{STUDY}/participants/P001/delete"
    for label, left in (("P002", 2), ("", 2), ("P001", 1)):
        assert send(rating_desk, address, label=label) == 303
        with database.read() as session:
            assert len(session.scalars(select(Participant)).all()) == left
    with database.read() as session:
        assert {event.participant_id for event in session.scalars(select(Event))} == {2}


def test_progress_tells_who_is_here_who_left_and_who_failed(
    app: Flask, rating_desk: FlaskClient, database: Database
) -> None:
    for key in "ab":
        take_part(app.test_client(), key)
        client = app.test_client()
        client.get(client.post("/studies/test/", data={"join_key": key * 16}).location,
                   follow_redirects=True)  # fmt: skip
    with database.write() as session:
        gone = session.get_one(Participant, 1)
        for visit in gone.visits:
            if visit.started_at and not visit.completed_at:
                visit.started_at = now() - AWAY - timedelta(minutes=1)
    with database.read() as session:
        found = study_progress(session, find_study(session, "test"))
    assert (found.joined, found.active, found.failed) == (2, 1, 0)
    assert sum(page.left_here for page in found.pages) == 1
    assert "1 at work now" in rating_desk.get(f"{STUDY}/progress").text


def test_screening_failures_are_counted(
    app: Flask, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["trap", "ratings"])
    client = app.test_client()
    address = client.post("/studies/test/", data={"join_key": "f" * 16}).location
    data = page_data(client.get(address, follow_redirects=True))
    # Six beeps are offered, and there are never more than five.
    body = {"revision": 1, "answers": {"trial_1": "6"}, "complete": True}
    assert client.put(data["api"]["page"], json=body).status_code == 200
    with database.read() as session:
        found = study_progress(session, find_study(session, "test"))
    assert (found.failed, found.pages[0].failed) == (1, 1)


def test_the_balance_counts_each_system_once_a_page(
    add_study: Callable[..., str], database: Database
) -> None:
    add_study()
    with database.write() as session:
        simulate(session, find_study(session, "test"), 5)
    with database.read() as session:
        study = find_study(session, "test")
        found = balance(session, study, simulated=True)
        assert balance(session, study, simulated=False).counts == ()
        ratings = session.scalars(select(Rating)).all()
        by_hand: dict[tuple[str, int], int] = {}
        for rating in ratings:
            shown = rating.presentation
            if not shown.visit.page.training:
                key = (shown.stimulus.system, shown.position)
                by_hand[key] = by_hand.get(key, 0) + 1
    assert {system for system, _ in found.counts} == {"target", "mono", "random", "anchor35"}
    assert all(sum(row) == 5 * 3 for _, row in found.counts)
    for system, row in found.counts:
        assert row == tuple(by_hand.get((system, place), 0) for place in range(1, 5))
    every = [count for _, row in found.counts for count in row]
    assert found.spread == max(every) - min(every)


def test_purging_deletes_what_participants_gave_of_one_study_alone(
    app: Flask, database: Database, add_study: Callable[..., str]
) -> None:
    for slug in ("old", "new"):
        add_study(slug=slug)
        with database.write() as session:
            simulate(session, find_study(session, slug), 2)
    run = app.test_cli_runner().invoke
    with database.write() as session:
        find_study(session, "old").keep_until = date.today() - timedelta(days=2)
    assert run(args=["study", "keep-until", "new", "2999-01-01"]).exit_code == 0
    assert run(args=["study", "purge"], input="n\n").exit_code == 1
    with database.read() as session:
        assert [study.slug for study in retention.overdue(session)] == ["old"]
    assert "old: 2 participants" in run(args=["study", "purge", "--yes"]).output
    assert "No study keeps" in run(args=["study", "purge", "--yes"]).output
    with database.read() as session:
        old, new = (find_study(session, slug) for slug in ("old", "new"))
        assert (len(old.participants), old.status, len(old.pages)) == (0, "closed", 9)
        assert (len(new.participants), new.status) == (2, "open")
        ratings = session.scalars(select(Rating)).all()
        assert {rating.presentation.visit.participant_id for rating in ratings} == {
            person.id for person in new.participants
        }


@pytest.mark.parametrize(
    ("day", "said", "expected"),
    [
        ("2127-12-31", "until 2127-12-31. Then: flask study purge", date(2127, 12, 31)),
        ("2020-01-01", "Error: 2020-01-01 is over: the next purge", date(2126, 1, 1)),
        ("none", "for as long as you like.", None),
        ("31.12.2027", "Error: '31.12.2027' is no day; write one as", date(2126, 1, 1)),
        ("2027-02-29", "Error: '2027-02-29' is no day; write one as", date(2126, 1, 1)),
    ],
)
def test_a_command_sets_and_clears_the_date(
    app: Flask, desk: FlaskClient, database: Database, day: str, said: str, expected: date | None
) -> None:
    run = app.test_cli_runner().invoke
    assert run(args=["study", "keep-until", "test", "2126-01-01"]).exit_code == 0
    done = run(args=["study", "keep-until", "test", day])
    assert said in done.output
    assert done.exit_code == said.startswith("Error")
    with database.read() as session:
        assert find_study(session, "test").keep_until == expected
    assert len(done.output.splitlines()) == 1


def test_the_desk_sets_the_date_warns_and_deletes(desk: FlaskClient, database: Database) -> None:
    with database.write() as session:
        simulate(session, find_study(session, "test"), 1)
    assert send(desk, f"{STUDY}/keep-until", date="2020-01-01") == 400
    assert send(desk, f"{STUDY}/keep-until", date=now().date().isoformat()) == 303
    with database.write() as session:
        find_study(session, "test").keep_until = date(2020, 1, 1)
    assert "Please delete it below" in desk.get(f"{STUDY}/").text
    assert send(desk, f"{STUDY}/keep-until", date="tomorrow") == 400
    assert send(desk, f"{STUDY}/purge", slug="tset") == 303
    with database.read() as session:
        assert len(find_study(session, "test").participants) == 1
    assert send(desk, f"{STUDY}/purge", slug="test") == 303
    assert send(desk, f"{STUDY}/keep-until", date="") == 303
    with database.read() as session:
        study = find_study(session, "test")
        assert (len(study.participants), study.keep_until) == (0, None)


def test_the_log_says_who_did_what(app: Flask, desk: FlaskClient, database: Database) -> None:
    send(desk, f"{STUDY}/status", status="closed")
    desk.get(f"{STUDY}/ratings/json")
    desk.get(f"{STUDY}/answers")
    app.test_cli_runner().invoke(args=["study", "open", "test"])
    with database.read() as session:
        found = [(entry.who, entry.action, entry.study) for entry in newest_entries(session)]
    assert found == [
        ("command line", "opened", "test"),
        ("ada", "took out answers", "test"),
        ("ada", "took out ratings", "test"),
        ("ada", "closed", "test"),
        ("ada", "logged in", None),
    ]
    assert "took out ratings" in desk.get("/desk/log").text


def test_the_log_comes_in_parts(
    desk: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listening.audit.MOST_SHOWN", 2)
    monkeypatch.setattr("listening.views.records.MOST_SHOWN", 2)
    with database.write() as session:
        for at in range(5):
            note(session, "me", f"action {at}")
    address, seen = "/desk/log", list[str]()
    while address:
        page = desk.get(address).text
        seen += re.findall(r"action \d", page)
        older = re.search(r'href="([^"]+)">Older', page)
        address = older.group(1) if older else ""
    assert seen == [f"action {at}" for at in (4, 3, 2, 1, 0)]
    for odd in ("", "-1", "x", "9" * 30, "%D9%A1"):
        assert desk.get(f"/desk/log?before={odd}").status_code == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("7", 7), ("", None), ("0", 24), ("-1", 24), ("many", 24), ("9" * 30, 24)],
)
def test_the_quota_is_changed_at_the_desk(
    app: Flask, desk: FlaskClient, database: Database, sent: str, expected: int | None
) -> None:
    app.test_cli_runner().invoke(args=["study", "quota", "test", "24"])
    assert send(desk, f"{STUDY}/quota", quota=sent) == (400 if expected == 24 else 303)
    with database.read() as session:
        assert find_study(session, "test").quota == expected
        changes = [entry.detail for entry in newest_entries(session) if entry.action == "set quota"]
    assert changes == ["24"] if expected == 24 else [sent or "none", "24"]


def test_a_raised_quota_lets_newcomers_in(
    app: Flask, add_study: Callable[..., str], desk: FlaskClient, database: Database
) -> None:
    add_study(slug="wanted", quota=1)
    for wanted, expected in (("1", 1), ("2", 2), ("none", 3)):
        done = app.test_cli_runner().invoke(args=["study", "quota", "wanted", wanted])
        assert done.exit_code == 0, done.output
        for key in "abc":
            app.test_client().post("/studies/wanted/", data={"join_key": f"{wanted}{key}" * 8})
            with database.read() as session:
                there = len(find_study(session, "wanted").participants)
            if wanted == "none":
                break
        assert there == expected
    for odd in ("0", "-3", "x", "1.5"):
        done = app.test_cli_runner().invoke(args=["study", "quota", "wanted", "--", odd])
        assert done.exit_code == 1
        assert "Error: " in done.output


@pytest.mark.parametrize(
    "address",
    [
        f"{STUDY}/participants/P001/delete",
        f"{STUDY}/keep-until",
        f"{STUDY}/purge",
        f"{STUDY}/quota",
        f"{STUDY}/status",
    ],
)
def test_a_viewer_changes_and_deletes_nothing(
    app: Flask, desk: FlaskClient, database: Database, address: str
) -> None:
    client = app.test_client()
    log_in(client, "vera")
    before = contents(database)
    assert client.get("/desk/log").status_code == 403
    page = client.get(f"{STUDY}/")
    assert "Delete" not in page.text
    sent = {"csrf_token": csrf_token(page), "slug": "test", "label": "P001", "date": "2020-01-01"}
    assert client.post(address, data=sent).status_code == 403
    assert contents(database) == before


def wait_for(folder: Path) -> str:
    for _ in range(600):
        if (state := read_results(folder).state) != "running":
            return state
        time.sleep(0.1)
    raise AssertionError("the analysis does not end")


def nothing() -> Request:
    """What an analysis is asked where there are no ratings."""
    return Request(rows=[], scales={}, plan={}, declared_at="")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where results of a study belong."""
    return results_folder(tmp_path, "test", simulated=False)


def write_results(folder: Path, answer: str) -> None:
    """Results as an analysis leaves them."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {"answer": [answer], "counts": {"ratings": 1}}
    (folder / "results.json").write_text(json.dumps(found), encoding="utf-8")


def ask_for(folder: Path) -> Path:
    """The folder of an analysis that was begun, without the process that does it."""
    partial = folder.with_name(f"{folder.name}.part")
    partial.mkdir(parents=True)
    (partial / "request.json").write_text(json.dumps(vars(nothing())), encoding="utf-8")
    return partial


def left(folder: Path) -> list[str]:
    """What is where results are, but locks."""
    found = folder.parent.parent.rglob("*")
    return sorted(path.name for path in found if path.is_file() and path.suffix != ".lock")


def test_no_two_results_share_a_folder(tmp_path: Path) -> None:
    named = [(slug, on) for slug in ("demo", "demo-simulated", "real") for on in (False, True)]
    folders = {results_folder(tmp_path, *name) for name in named}
    assert len(folders) == len(named)
    assert not any(one in other.parents for one in folders for other in folders)


def test_a_failed_analysis_leaves_what_was_found_before(folder: Path) -> None:
    write_results(folder, "mono is best")
    ask_for(folder)
    analyse_request(folder)
    found = read_results(folder)
    assert (found.state, found.answer) == ("failed", ("mono is best",))
    assert found.failure == "There are no ratings yet."


def test_a_mistake_in_an_analysis_is_one_line_and_its_traceback_is_logged(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("divided\nby nothing")

    ask_for(folder).joinpath("request.json").write_text(
        json.dumps({**vars(nothing()), "rows": [{}]}), encoding="utf-8"
    )
    monkeypatch.setattr("analysis.plan.plan_from", fail)
    analyse_request(folder)
    found = read_results(folder)
    assert found.state == "failed"
    assert "mistake (ZeroDivisionError: divided by nothing)" in found.failure
    assert "Traceback" in capsys.readouterr().err
    assert left(folder) == ["real.failed"]


def test_an_analysis_that_succeeds_takes_the_place_of_a_failure(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_for(folder)
    analyse_request(folder)
    ask_for(folder)

    def succeed(partial: Path) -> str:
        write_results(partial, "all are equal")
        return ""

    monkeypatch.setitem(analyse_request.__globals__, "_analyse", succeed)
    analyse_request(folder)
    found = read_results(folder)
    assert (found.state, found.failure, found.answer) == ("done", "", ("all are equal",))
    assert left(folder) == ["results.json"]


@pytest.mark.parametrize("failure", ["", "it failed"])
def test_an_analysis_leaves_nothing_of_what_is_forgotten_meanwhile(
    folder: Path, monkeypatch: pytest.MonkeyPatch, failure: str
) -> None:
    def analyse(partial: Path) -> str:
        forget_results(folder)
        write_results(partial, "P001 is odd")
        return failure

    write_results(folder, "P001 is odd")
    ask_for(folder)
    monkeypatch.setitem(analyse_request.__globals__, "_analyse", analyse)
    analyse_request(folder)
    assert read_results(folder).state == "none"
    assert left(folder) == []


def test_nothing_is_analysed_that_is_deleted_while_it_is_read(folder: Path) -> None:
    def ask() -> Request:
        forget_results(folder)
        return nothing()

    start_analysis(folder, ask)
    assert read_results(folder).state == "none"
    assert left(folder) == []


def test_an_analysis_begins_while_a_page_looks_whether_one_is_running(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    asked = threading.Event()

    def ask() -> Request:
        asked.set()
        raise InterruptedError

    def begin() -> None:
        with pytest.raises(InterruptedError):
            start_analysis(folder, ask)

    with folder.with_name("real.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        thread = threading.Thread(target=begin)
        thread.start()
        assert not asked.wait(0.2)
    thread.join(timeout=10)
    assert asked.is_set()


def test_results_of_earlier_versions_are_not_shown_and_go_with_the_others(tmp_path: Path) -> None:
    folder, other = (results_folder(tmp_path, slug, False) for slug in ("test", "test-simulated"))
    write_results(other, "another study's")
    for old in ("test", "test-simulated", "test.part"):
        write_results(tmp_path / "results" / old, "P001 is odd")
        write_results(tmp_path / "results" / old / "figures", "P001 is odd")
    assert read_results(folder).state == "none"
    forget_results(folder)
    assert left(folder) == ["results.json"]
    assert read_results(other).answer == ("another study's",)


@pytest.mark.slow
def test_of_two_analyses_at_once_one_is_made(folder: Path) -> None:
    start_analysis(folder, nothing)
    start_analysis(folder, lambda: pytest.fail("asked again"))
    assert read_results(folder).state == "running"
    assert wait_for(folder) == "failed"


@pytest.mark.slow
def test_an_analysis_that_was_killed_can_be_started_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def remember(*command: Any, **more: Any) -> subprocess.Popen[bytes]:
        started.append(popen(*command, **more))
        return started[-1]

    monkeypatch.setattr(subprocess, "Popen", remember)
    start_analysis(folder, nothing)
    started[0].kill()
    assert wait_for(folder) == "failed"
    assert "interrupted" in read_results(folder).failure
    start_analysis(folder, nothing)
    assert wait_for(folder) == "failed"
    assert "no ratings" in read_results(folder).failure


def test_results_go_with_what_they_are_about(app: Flask, desk: FlaskClient) -> None:
    instance = Path(app.config["INSTANCE_PATH"])
    folders = [results_folder(instance, "test", simulated) for simulated in (False, True)]
    other = results_folder(instance, "test-2", simulated=False)
    for folder in (*folders, other):
        folder.mkdir(parents=True)
    assert send(desk, f"{STUDY}/purge", slug="test") == 303
    assert [folder.exists() for folder in (*folders, other)] == [False, False, True]
    folders[0].mkdir(parents=True)
    assert app.test_cli_runner().invoke(args=["study", "purge", "test", "--yes"]).exit_code == 0
    assert not folders[0].exists()


@pytest.mark.parametrize("way", ["withdrawal", "desk", "P001", "-_token", "--token", "API"])
def test_the_results_go_with_each_of_their_participants(
    app: Flask, rating_desk: FlaskClient, database: Database, way: str
) -> None:
    run = app.test_cli_runner().invoke
    address = take_part(app.test_client(), "a")
    instance = Path(app.config["INSTANCE_PATH"])
    real, simulated = (results_folder(instance, "test", on) for on in (False, True))
    for folder in (real, simulated):
        write_results(folder, "P001 is odd")
    if "token" in way:
        with database.write() as session:
            session.scalars(select(Participant)).one().token = way
    if way == "withdrawal":
        assert app.test_client().post(f"{address}/withdraw").status_code == 200
    elif way == "desk":
        assert send(rating_desk, f"{STUDY}/participants/P001/delete", label="P001") == 303
    elif way == "API":
        secret = run(args=["api-token", "create", "x", "--role", "owner"]).stdout.strip()
        header = {"Authorization": f"Bearer {secret}"}
        there = "/api/v1/studies/test/participants/P001"
        assert app.test_client().delete(there, headers=header).status_code == 204
    else:
        done = run(args=["study", "delete-participant", "test", way, "--yes"])
        assert done.output == "P001 and everything they gave is deleted from test.\n"
    assert app.test_client().get(address).status_code == 404
    assert not real.exists()
    assert read_results(simulated).state == "done"
    assert "Nobody has analysed" in rating_desk.get(f"{STUDY}/results/").text


def test_the_results_stay_where_a_deletion_came_to_nothing(
    app: Flask, rating_desk: FlaskClient, database: Database
) -> None:
    take_part(app.test_client(), "a")
    instance = Path(app.config["INSTANCE_PATH"])
    write_results(results_folder(instance, "test", simulated=False), "P001 is odd")
    with database.write() as session:
        retention.purge(session, find_study(session, "test"), instance)
        session.rollback()
    assert "P001 is odd" in rating_desk.get(f"{STUDY}/results/").text


@pytest.mark.parametrize("name", ["P001", "S001", "P1", "x" * 22])
def test_nobody_of_another_study_is_deleted(
    app: Flask, add_study: Callable[..., str], database: Database, name: str
) -> None:
    for slug in ("test", "other"):
        add_study(slug=slug)
    app.test_client().post("/studies/other/", data={"join_key": "a" * 16})
    with database.write() as session:
        (person,) = find_study(session, "other").participants
        person.token = "x" * 22
    done = app.test_cli_runner().invoke(args=["study", "delete-participant", "test", name, "--yes"])
    assert done.exit_code == 1
    assert f"study 'test' has no participant '{name}'" in done.output
    with database.read() as session:
        assert len(session.scalars(select(Participant)).all()) == 1


@pytest.mark.slow
def test_results_of_no_ratings_say_so(app: Flask, desk: FlaskClient) -> None:
    folder = results_folder(Path(app.config["INSTANCE_PATH"]), "test", simulated=False)
    assert "Nobody has analysed" in desk.get(f"{STUDY}/results/").text
    assert send(desk, f"{STUDY}/results/") == 303
    assert wait_for(folder) == "failed"
    assert "There are no ratings yet" in desk.get(f"{STUDY}/results/").text


@pytest.mark.slow
def test_results_and_figures_are_in_the_desk(
    app: Flask, desk: FlaskClient, database: Database
) -> None:
    with database.write() as session:
        simulate(session, find_study(session, "test"), 8)
    assert send(desk, f"{STUDY}/results/?simulated=1") == 303
    assert "being analysed" in desk.get(f"{STUDY}/results/?simulated=1").text
    folder = results_folder(Path(app.config["INSTANCE_PATH"]), "test", simulated=True)
    assert wait_for(folder) == "done"
    text = desk.get(f"{STUDY}/results/?simulated=1").text
    assert "SIMULATED DATA" in text
    figures = read_results(folder).figures
    assert figures
    for name in figures:
        with desk.get(f"{STUDY}/results/figures/{name}?simulated=1") as shown:
            assert shown.content_type == "image/png"
    with desk.get(f"{STUDY}/results/files/report.html?simulated=1") as report:
        assert "attachment" in report.headers["Content-Disposition"]
    assert "Nobody has analysed" in desk.get(f"{STUDY}/results/").text
    for name in ("..%2f..%2fsecret_key", "%2e%2e/secret_key", "../../secret_key"):
        assert desk.get(f"{STUDY}/results/files/{name}").status_code == 404
