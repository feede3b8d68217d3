"""Take the pictures of the README from the demo: `python docs/screenshots.py`.

It makes the demo in a folder of its own (build/screenshots, kept for the next time), lets a model
take part, and drives Chromium. Needs what `make test` installs.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from app import create_app  # noqa: E402
from docs.page_pictures import add_example, take_pages  # noqa: E402

IMAGES = ROOT / "docs" / "images"
INSTANCE = ROOT / "build" / "screenshots"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SCORES = {
    "demo": (46.0, 88.0, 17.0, 63.0, 79.0, 35.0, 71.0, 26.0),
    "demo-mushra": (41.0, 100.0, 18.0, 57.0, 30.0, 72.0),
}
PICTURES = {"demo": "ape", "demo-mushra": "mushra"}
FIGURES = ("all_passages", "passages")
SIZE = {"width": 1200, "height": 760}


def main() -> None:
    """Take every picture."""
    app = create_app({"INSTANCE_PATH": INSTANCE})
    run(app, "demo")
    run(app, "study", "simulate", "demo", "--participants", "24")
    IMAGES.mkdir(exist_ok=True)
    take_figures(app)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser_path = next(filter(None, map(shutil.which, CHROMIUM)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        address = f"http://127.0.0.1:{server.port}"
        for slug, name in PICTURES.items():
            take_rating_page(browser, address, slug, name)
        add_example(app, INSTANCE)
        take_pages(app, browser, address, IMAGES / "pages")
        browser.close()
    server.shutdown()


def run(app: Flask, *arguments: str) -> None:
    """Run one of our commands."""
    done = app.test_cli_runner().invoke(args=list(arguments))
    if done.exit_code:
        raise SystemExit(f"flask {' '.join(arguments)}: {done.output} {done.exception!r}")


def take_figures(app: Flask) -> None:
    """The figures of the simulated study."""
    out = INSTANCE / "results"
    run(app, "analyse", "demo", "--simulated", "-o", str(out))
    for name in FIGURES:
        shutil.copy(out / "figures" / f"{name}.png", IMAGES / f"{name}.png")


def take_rating_page(browser: Browser, address: str, slug: str, name: str) -> None:
    """A rating page on which everything is rated."""
    page = browser.new_context(viewport=SIZE, device_scale_factor=1.5).new_page()
    page.goto(f"{address}/studies/{slug}/")
    page.get_by_role("button", name="Start").click()
    page.get_by_role("checkbox").check()
    while (data := page_data(page))["training"] or data["kind"] != name:
        if data["training"]:
            saved = rate(page, data, SCORES[slug], complete=True)
            page.goto(address + saved["next"])
        else:
            here = re.escape(page.url)
            page.get_by_role("button", name="Continue").click()
            page.wait_for_url(re.compile(f"^(?!{here}$)"))
    rate(page, data, SCORES[slug], complete=False)
    page.reload()
    page.wait_for_timeout(2000)
    page.screenshot(path=IMAGES / f"{name}.png", full_page=True)


def page_data(page: Page) -> dict[str, Any]:
    """What the page's script is told."""
    data: dict[str, Any] = json.loads(page.locator("#page-data").text_content() or "{}")
    return data


def rate(
    page: Page, data: dict[str, Any], scores: tuple[float, ...], complete: bool
) -> dict[str, Any]:
    """Save a state of the page, as its script would; what the server answered."""
    ratings = [
        {
            "stimulus": stimulus["id"],
            "attribute": attribute["key"],
            "score": score,
            "plays": 2,
            "listened_ms": 9000,
        }
        for stimulus, score in zip(data["stimuli"], scores, strict=True)
        for attribute in data["attributes"]
    ]
    body = {"revision": 1, "ratings": ratings, "complete": complete}
    answer = page.request.put(page.url.split("/p/")[0] + data["api"]["page"], data=body)
    if not answer.ok:
        raise SystemExit(answer.text())
    saved: dict[str, Any] = answer.json()
    return saved


if __name__ == "__main__":
    main()
