"""Scripts and styles are kept by browsers under addresses that change with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from listening import __file__ as room
from listening.assets import version_of

ROOM = Path(room).parent


def test_what_a_page_loads_is_kept_and_what_it_says_is_not(
    client: FlaskClient, add_study: Callable[..., str]
) -> None:
    add_study(pages=["ratings"])
    address = client.post("/studies/test/", data={"join_key": "k" * 16}).location
    page = client.get(address, follow_redirects=True)
    assert page.headers["Cache-Control"] == "no-store"
    loaded = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert {Path(found).suffix for found in loaded} == {".css", ".js"}
    for found in loaded:
        with client.get(found) as answer:
            assert "max-age=31536000" in answer.headers["Cache-Control"]
    of_another = re.sub(r"/assets/\w+/", "/assets/0/", loaded[0])
    with client.get(of_another) as answer:
        assert "max-age=0" in answer.headers["Cache-Control"]


def test_any_change_is_another_version(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    versions = [version_of(tmp_path)]
    (tmp_path / "a.js").write_text("2")
    versions.append(version_of(tmp_path))
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    versions.append(version_of(tmp_path))
    assert len(set(versions)) == 3
    assert versions[-1] == version_of(tmp_path)


def test_templates_and_styles_know_the_same_classes() -> None:
    templates = "".join(path.read_text("utf-8") for path in ROOM.rglob("templates/**/*.html"))
    scripts = "".join(path.read_text("utf-8") for path in ROOM.rglob("static/js/**/*.js"))
    sheets = "".join(path.read_text("utf-8") for path in ROOM.rglob("static/css/*.css"))
    styled = set(re.findall(r"\.([a-z][a-z-]*)(?=[^{}]*\{)", re.sub(r"/\*.*?\*/", "", sheets)))
    plain = re.sub(r"\{[{%].*?[%}]\}", " ", templates)
    used = {name for names in re.findall(r'class="([^"]*)"', plain) for name in names.split()}
    assert {name for name in used if not name.endswith("-")} <= styled
    states = {"state-open", "state-closed"}  # "state-{{ study.status }}"
    assert {name for name in styled if not re.search(rf"\b{name}\b", templates + scripts)} == states
