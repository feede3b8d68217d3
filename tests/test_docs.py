"""The documents say what there is: every command, every option, every link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

from analysis.plan import Plan
from analysis.screening import RULES
from app import COMMANDS, ROOT, create_app

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
COMMANDS_PAGE = ROOT / "docs" / "commands.md"
FLASKS_OWN = {"flask run"}
OURS = {
    *(place.partition(":")[2].replace("_", "-") for place in COMMANDS),
    "analyse",
    "power",
    "demo",
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app({"INSTANCE_PATH": tmp_path_factory.mktemp("instance")})


def leaves(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below this one with its full name."""
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            short = name == getattr(command, "default", None)
            yield from leaves(child, path if short else f"{path} {name}")
    else:
        yield path, command


@pytest.fixture(scope="module")
def commands(app: Flask) -> dict[str, click.Command]:
    ours = {name: command for name, command in app.cli.commands.items() if name in OURS}
    assert set(ours) == OURS
    return dict(leaf for name, command in ours.items() for leaf in leaves(command, f"flask {name}"))


def sections() -> dict[str, str]:
    """What docs/commands.md says of each command."""
    text = COMMANDS_PAGE.read_text(encoding="utf-8")
    parts = re.split(r"^#{2,3} ", text, flags=re.M)
    found = {}
    for part in parts:
        if title := re.match(r"`(flask [a-z -]+[a-z])", part):
            found[title.group(1)] = part
    return found


def test_every_command_is_documented(commands: dict[str, click.Command]) -> None:
    assert set(sections()) - FLASKS_OWN == set(commands)


def test_what_a_command_does_fits_its_line_of_help(app: Flask) -> None:
    def cut(group: click.Group, path: str) -> Iterator[str]:
        room = 80 - 6 - max(map(len, group.commands))
        for name, command in group.commands.items():
            if command.get_short_help_str(room).endswith("..."):
                yield f"{path} {name}"
            if isinstance(command, click.Group):
                yield from cut(command, f"{path} {name}")

    groups = [app.cli.commands[name] for name in sorted(OURS)]
    nested = [group for group in groups if isinstance(group, click.Group)]
    assert [line for group in nested for line in cut(group, f"flask {group.name}")] == []


def test_every_option_is_documented_and_has_help(commands: dict[str, click.Command]) -> None:
    said = sections()
    missing, silent = [], []
    for name, command in commands.items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                missing += [
                    f"{name} {word}" for word in parameter.opts if f"`{word}`" not in said[name]
                ]
                silent += [] if parameter.help else [f"{name} {parameter.name}"]
            else:
                assert parameter.human_readable_name in said[name].splitlines()[0]
        silent += [] if command.help else [name]
    assert (missing, silent) == ([], [])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_document_names_exists(
    path: Path, commands: dict[str, click.Command]
) -> None:
    text = path.read_text(encoding="utf-8")
    groups = {name.rsplit(" ", 1)[0] for name in commands} - {"flask"}
    for line in re.findall(r"(?:^|`)(flask [^`\n]+)", text, flags=re.M):
        words = re.split(r"[ ]#|[|>…]", line)[0].split()
        name, longer = " ".join(words[:2]), " ".join(words[:3])
        if longer in commands or (name in groups and name not in commands):
            name = longer
        assert name in {*commands, *groups, *FLASKS_OWN}, line
        if name in commands:
            known = {option for item in commands[name].params for option in item.opts}
            used = {word for word in words if word.startswith("-")}
            assert used <= known, line


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        place, _, anchor = target.partition("#")
        linked = (path.parent / place).resolve() if place else path
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), flags=re.M)
            assert anchor in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}


def test_every_place_that_contributors_are_sent_to_exists() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    places = [place for place in re.findall(r"`([\w./-]+)`", text) if "/" in place]
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert places


def test_every_make_target_that_a_document_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.M))
    for path in DOCUMENTS:
        named = re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(encoding="utf-8"), flags=re.M)
        assert set(named) <= targets, path


def test_the_plan_of_an_analysis_is_documented() -> None:
    text = (ROOT / "docs" / "study-file.md").read_text(encoding="utf-8")
    keys = {*Plan.__dataclass_fields__, *RULES} - {"declared_at"}
    assert {key for key in keys if f"| `{key}` |" not in text} == set()
