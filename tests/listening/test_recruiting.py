"""Ways in, and out again: panels, personal links, quota, codes, withdrawal."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext, expect
from sqlalchemy import update

from listening.db import Database
from listening.models import Answer, Participant, Rating, Visit, now
from listening.progress import participant_state
from listening.recruiting import NOT_ACCEPTED
from listening.runs import VERDICT
from listening.studies import find_study
from tests.listening.test_journey import fill, page_data

PID = "5f3c1a2b9d8e7f6a5b4c3d2e"
PROLIFIC = f"/studies/test/?PROLIFIC_PID={PID}&STUDY_ID=s1&SESSION_ID=s2"
FORM = {"join_key": "k" * 16}


@pytest.mark.parametrize(
    "address", [PROLIFIC, "/studies/test/?workerId=A1B2C3D4&assignmentId=3XYZ&hitId=3H"]
)
def test_who_returns_from_a_panel_resumes(
    app: Flask, add_study: Callable[..., str], database: Database, address: str
) -> None:
    add_study()
    first = app.test_client().post(address, data=FORM)
    again = app.test_client().post(address, data={"join_key": "z" * 16})
    assert first.status_code == 303
    assert again.location == first.location
    door = app.test_client().get(address).text
    assert first.location in door
    other = app.test_client().post(
        address.replace("A1B2", "A9B9").replace("5f3c", "0000"), data=FORM
    )
    assert other.location != first.location
    with database.read() as session:
        keys = [person.join_key for person in find_study(session, "test").participants]
    assert not any(PID in key or "A1B2C3D4" in key for key in keys)


def test_the_researcher_who_knows_an_id_finds_who_that_is(
    app: Flask, add_study: Callable[..., str]
) -> None:
    add_study(completion={"code": "DONE"})
    runner = app.test_cli_runner()
    links = runner.invoke(args=["study", "links", "test", "--label", "Ann"]).stdout
    app.test_client().post(PROLIFIC, data=FORM)
    app.test_client().post("/studies/test/?workerId=A1B2C3D4", data=FORM)
    app.test_client().post(links.split(",")[-1].strip(), data=FORM)
    for way, name, label in (
        ("prolific", PID, "1"),
        ("mturk", "A1B2C3D4", "2"),
        ("link", "Ann", "3"),
    ):
        done = runner.invoke(
            args=["study", "who", "test", "--came-by", way, "-"], input=f"{name}\nnobody"
        )
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        assert rows[0].pop("participant").lstrip("P0") == label
        assert rows[0] == {"id": name, "finished": "no", "code": "DONE"}
        assert rows[1] == {"id": "nobody", "participant": "", "finished": "", "code": ""}


def test_a_placeholder_is_nobody(app: Flask, add_study: Callable[..., str]) -> None:
    add_study()
    address = "/studies/test/?PROLIFIC_PID={{%PROLIFIC_PID%}}"
    first = app.test_client().post(address, data=FORM)
    second = app.test_client().post(address, data={"join_key": "z" * 16})
    assert first.location != second.location


def test_who_only_looks_cannot_begin(client: FlaskClient, add_study: Callable[..., str]) -> None:
    add_study()
    address = "/studies/test/?workerId=A1B2C3D4&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE"
    page = client.get(address).text
    assert "accept the task first" in page
    assert "<button" not in page
    assert client.post(address, data=FORM).status_code == 400


def test_a_personal_link_is_one_run_and_cannot_be_forged(
    app: Flask, add_study: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add_study()
    run = app.test_cli_runner().invoke
    arguments = ["study", "links", "test", "--count", "2", "--label", "Ann", "--base", ""]
    printed = run(args=arguments)
    assert printed.exit_code == 0, printed.output
    assert run(args=arguments).output == printed.output
    links = {row["label"]: row["link"] for row in csv.DictReader(io.StringIO(printed.output))}
    assert list(links) == ["1", "2", "Ann"]
    runs = {
        label: {app.test_client().post(link, data={"join_key": key * 16}).location for key in "ab"}
        for label, link in links.items()
    }
    assert all(len(addresses) == 1 for addresses in runs.values())
    assert len(set.union(*runs.values())) == 3
    link = links["1"]
    forged = link[:-1] + ("0" if link[-1] != "0" else "1")
    assert app.test_client().get(forged).status_code == 404
    assert app.test_client().post(forged, data=FORM).status_code == 404
    assert "--count" in run(args=["study", "links", "test"]).output
    monkeypatch.setenv("FLASK_RUN_PORT", "5077")
    assert ",http://127.0.0.1:5077/studies/test/" in run(args=arguments[:-2]).output
    for address in ("javascript:alert(1)", "listen.example.org", "https://"):
        refused = run(args=[*arguments[:-1], address])
        assert refused.exit_code == 1
        assert f"--base {address!r} is no address" in refused.stderr


def test_a_full_study_says_so_and_who_has_begun_may_finish(
    app: Flask, add_study: Callable[..., str], database: Database
) -> None:
    add_study(quota=1)
    begun = app.test_client()
    address = begun.post("/studies/test/", data=FORM).location
    late = app.test_client()
    assert "as many participants as it needs" in late.get("/studies/test/").text
    refused = late.post("/studies/test/", data={"join_key": "z" * 16}, follow_redirects=True)
    assert "as many participants as it needs" in refused.text
    assert begun.get(address, follow_redirects=True).status_code == 200
    with database.write() as session:
        # Who does not come back frees their place.
        session.execute(update(Participant).values(joined_at=now() - timedelta(hours=1)))
        session.execute(update(Visit).values(started_at=now() - timedelta(hours=1)))
    assert late.post("/studies/test/", data={"join_key": "z" * 16}).location.startswith("/p/")


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ({}, "DONE"),
        ({"headphones": "failed"}, "SCREENED"),
        ({"headphones": "failed", "trap": "failed"}, "ATTENTION"),
        ({"headphones": "passed", "trap": "passed"}, "DONE"),
    ],
)
def test_the_code_tells_how_the_checks_came_out(
    client: FlaskClient,
    add_study: Callable[..., str],
    database: Database,
    verdict: dict[str, str],
    code: str,
) -> None:
    add_study(
        pages=["headphones", "trap", "ratings"],
        completion={
            "code": "DONE", "screened_out": "SCREENED", "failed_attention": "ATTENTION",
            "url": "https://panel.example/complete?cc={code}",
        },
    )  # fmt: skip
    address = client.post("/studies/test/", data=FORM).location
    with database.write() as session:
        session.execute(update(Visit).values(completed_at=now()))
        for visit in find_study(session, "test").participants[0].visits:
            if visit.page.kind in verdict:
                visit.answers.append(Answer(key=VERDICT, value=verdict[visit.page.kind]))
    page = client.get(address, follow_redirects=True).text
    assert f'id="completion-code">{code}<' in page
    assert f"https://panel.example/complete?cc={code}" in page


def test_withdrawing_deletes_everything_and_gives_a_receipt(
    client: FlaskClient, add_study: Callable[..., str], database: Database
) -> None:
    add_study(pages=["ratings"])
    address = client.post("/studies/test/", data=FORM).location
    data = page_data(client.get(address, follow_redirects=True))
    assert client.put(data["api"]["page"], json=fill(data)).status_code == 200
    asked = client.get(f"{address}/withdraw")
    assert "cannot be undone" in asked.text
    with database.read() as session:
        assert session.query(Rating).count() == 4
    receipt = client.post(f"{address}/withdraw")
    assert receipt.status_code == 200
    assert "P001" in receipt.text
    with database.read() as session:
        assert [session.query(table).count() for table in (Participant, Visit, Rating)] == [0] * 3
    assert client.get(address).status_code == 404
    assert client.post(f"{address}/withdraw").status_code == 404
    assert client.put(data["api"]["page"], json=fill(data, revision=2)).status_code == 404
    assert "Start" in client.get("/studies/test/").text


@pytest.mark.browser
@pytest.mark.parametrize(
    "kind", ["prolific", pytest.param("personal link", marks=pytest.mark.slow)]
)
def test_a_person_comes_back_in_another_browser_and_withdraws(
    app: Flask,
    add_study: Callable[..., str],
    context: BrowserContext,
    address: str,
    tmp_path: Path,
    kind: str,
) -> None:
    add_study(pages=["consent", "ratings"])
    arguments = ["study", "links", "test", "--count", "1", "--base", address]
    printed = app.test_cli_runner().invoke(args=arguments).output
    link = printed.splitlines()[-1].split(",")[1] if kind != "prolific" else address + PROLIFIC
    page = context.new_page()
    page.goto(link)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/2")
    here = page.url
    context.clear_cookies()
    page.goto(link)
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    page.screenshot(path=tmp_path / "back.png")
    page.locator("main a[role=button]").click()
    page.wait_for_url(here)
    page.get_by_role("link", name="Withdraw").click()
    page.screenshot(path=tmp_path / "withdraw.png")
    page.get_by_role("button", name="Withdraw and delete everything").click()
    expect(page.get_by_role("heading")).to_have_text("You have withdrawn")
    expect(page.locator("main")).to_contain_text("P001")
    page.set_viewport_size({"width": 375, "height": 700})
    page.screenshot(path=tmp_path / "withdrawn-phone.png")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "ar"])
def test_axe_finds_nothing_at_the_door_and_on_the_way_out(
    add_study: Callable[..., str],
    context: BrowserContext,
    address: str,
    tmp_path: Path,
    language: str,
) -> None:
    add_study(quota=1, languages=[language], description="You will hear **six** songs.")
    page = context.new_page()
    flaws = []

    def look(state: str) -> None:
        for width in (1100, 390):
            page.set_viewport_size({"width": width, "height": 760})
            page.screenshot(path=tmp_path / f"{state}-{width}.png")
            flaws.extend((state, item["id"]) for item in Axe().run(page).response["violations"])
            too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            flaws.extend([(state, "too wide")] if page.evaluate(too_wide) else [])

    page.goto(f"{address}/studies/test/?workerId=A1B2C3D4&assignmentId={NOT_ACCEPTED}")
    look("look only")
    page.goto(address + PROLIFIC)
    look("door")
    page.locator("main button").click()
    page.wait_for_url("**/p/**")
    here = page.url.rpartition("/")[0]
    page.goto(address + PROLIFIC)
    look("begun")
    page.goto(f"{address}/studies/test/?PROLIFIC_PID=somebody-else")
    look("full")
    page.goto(f"{here}/withdraw")
    look("withdraw")
    page.locator("main button").click()
    expect(page.locator("main")).to_contain_text("P001")
    look("withdrawn")
    assert flaws == []


CODES = {"code": "DONE", "screened_out": "SCREENED", "url": "https://panel.example/?cc={code}"}


@pytest.mark.parametrize("on_fail", ["continue", "end"])
def test_who_fails_a_check_goes_on_or_comes_to_the_end_as_the_study_says(
    client: FlaskClient, add_study: Callable[..., str], database: Database, on_fail: str
) -> None:
    check = {"type": "hearing", "frequencies_hz": [1000], "silences": 1, "on_fail": on_fail}
    add_study(pages=["instructions", check, "ratings"], completion=CODES, quota=1)
    address = client.post("/studies/test/", data=FORM).location
    client.post(client.get(address).location)
    data = page_data(client.get(address, follow_redirects=True))
    wrong = {"trial_1": "yes", "trial_2": "yes"}
    body = {"revision": 1, "answers": wrong, "complete": True}
    following = client.put(data["api"]["page"], json=body).json["next"]  # type: ignore[index]
    ended = on_fail == "end"
    assert following == address + ("/6" if ended else "/3")
    assert client.get(address).location == following
    page = client.get(following)
    assert ("SCREENED" in page.text) == ended
    assert ("The study ends here" in page.text) == ended
    between = f"/api{address}/pages/4"
    assert client.put(between, json={"revision": 1}).status_code == 409
    assert client.get(f"{address}/4").location == address
    assert client.get(f"{address}/1").status_code == 200
    with database.read() as session:
        [participant] = find_study(session, "test").participants
        assert participant.finished_at is None
        state = participant_state(participant)
    assert (state.page is None, state.screened_out) == (ended, ended)


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("stays", [False, True])
def test_the_end_leads_back_to_the_panel_unless_one_stays(
    add_study: Callable[..., str], context: BrowserContext, address: str, stays: bool
) -> None:
    add_study(pages=["instructions"], completion=CODES)
    page = context.new_page()
    page.route("https://panel.example/**", lambda route: route.fulfill(body="welcome back"))
    page.clock.install()
    page.goto(f"{address}/studies/test/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("taken back in 10 seconds")).to_be_visible()
    assert Axe().run(page).violations_count == 0
    if stays:
        page.get_by_role("button", name="Stay here").click()
    page.clock.run_for(11_000)
    if stays:
        expect(page.locator("#completion-code")).to_have_text("DONE")
        page.get_by_role("button", name="Finish").or_(page.get_by_role("link")).first.click()
    page.wait_for_url("https://panel.example/?cc=DONE")
