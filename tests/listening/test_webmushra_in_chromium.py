"""An imported configuration of webMUSHRA, walked through in a real Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from listening.db import Database
from listening.export import tidy_ratings
from listening.studies import find_study
from tests.driving import begin, leave, ready
from tests.hands import Mouse

CONFIG = Path(__file__).parents[2].parent / "shared" / "webmushra_configs" / "configs_default.yaml"


@pytest.mark.browser
@pytest.mark.skipif(not CONFIG.exists(), reason="webMUSHRA's examples are not there")
@pytest.mark.slow
def test_the_default_configuration_in_chromium(
    app: Flask,
    database: Database,
    address: str,
    context: BrowserContext,
    webmushra_root: Path,
    tmp_path: Path,
) -> None:
    run = app.test_cli_runner().invoke
    study_file = str(tmp_path / "out" / "study.yaml")
    imported = ["study", "import-webmushra", str(CONFIG), "--audio", str(webmushra_root)]
    assert run(args=[*imported, "-o", str(tmp_path / "out")]).exit_code == 0
    assert run(args=["study", "create", study_file]).exit_code == 0

    page = begin(context.new_page(), address, "default-example")
    expect(page.get_by_role("heading", name="Welcome", exact=True)).to_be_visible()
    expect(page.get_by_text("Welcome to webMUSHRA!")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    hand = Mouse(page)
    for stimuli in (6, 4, 4):
        shown = ready(page)
        assert len(shown) == stimuli
        for button in page.locator(".sound").all():
            button.click()
        for at, stimulus in enumerate(shown):
            hand.slide(
                page.get_by_role("slider", name=f"Rating of {stimulus['label']}:"), (at + 1) / 7
            )
        assert Axe().run(page).violations_count == 0
        page.screenshot(path=tmp_path / f"mushra-{stimuli}.png", full_page=True)
        leave(page)
    page.get_by_label("eMail").fill("nobody@example.org")
    page.get_by_label("Age", exact=True).fill("44")
    page.get_by_label("Other", exact=True).check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Thank you for attending!")).to_be_visible()
    with database.read() as session:
        rows = tidy_ratings(session, find_study(session, "default-example"), simulated=False)
    assert len(rows) == 14
    assert {row.role for row in rows} == {"system", "reference", "anchor"}
    assert {row.passage for row in rows} == {"trial1", "trial_random_1", "trial_random_2"}
