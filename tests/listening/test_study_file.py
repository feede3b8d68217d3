"""Reading study files: what is wrong is named with its line and key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from analysis.plan import plan_from
from analysis.screening import check_rule
from listening.schema import json_schema
from listening.study_file import StudyFileError, read_study_file

DOCS = Path(__file__).parents[2] / "docs"
GOOD = """\
title: Which mix?
slug: which
manifest: stimuli
interface: ape
pages:
  - consent
  - type: ratings
  - type: questionnaire
    questions:
      - key: age
        question: How old are you?
        type: number
"""


def read(tmp_path: Path, text: str) -> str:
    """What the error says."""
    path = tmp_path / "study.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyFileError) as caught:
        read_study_file(path)
    return str(caught.value)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(GOOD, encoding="utf-8")
    file = read_study_file(path).file
    assert [entry.type for entry in file.pages] == ["consent", "ratings", "questionnaire"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("interface: ape", "interface: pea", "line 4: interface:"),
        ("interface: ape", "intreface: ape", "intreface: unknown key, did you mean interface?"),
        ("slug: which", "slug: Which One", "line 2: slug:"),
        ("slug: which", "", "slug: is missing"),
        ("title: Which mix?", "title: a: b", "line 1: not YAML"),
        ("type: number", "type: colour", "line 12: pages[2].questions[0].type:"),
        ("key: age", "kye: age", "line 10: pages[2].questions[0].kye: unknown key"),
        ("- consent", "- consnet", "line 6: pages[0]: is no page type"),
        ("slug: which", "slug: which\nslug: other", "line 3: slug: this key stands here twice"),
        ("title: Which mix?", "title: &a Which\ndescription: *a", "line 2: aliases"),
        ("- type: ratings", "- type: ratings\n    passages: []", "pages[1].passages:"),
        (
            "- type: ratings",
            "- type: ratings\n    pairs: all",
            "pages[1].pairs: unknown key here; pages of type ab, abx, ccr know it",
        ),
        ("  - consent\n", "  - thanks\n", "the thanks page is the last one"),
        (
            "  - consent\n",
            "  - type: group\n    pages:\n      - consent\n      - type: volume\n        txt: a\n",
            "line 10: pages[0].pages[1].txt: unknown key, did you mean text?",
        ),
        ("  - consent\n", "  - {type: group, pages: [thanks]}\n", "the thanks page is the last"),
    ],
)
def test_an_error_names_line_and_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in GOOD
    assert expected in read(tmp_path, GOOD.replace(old, new))


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    assert "a study file is a mapping" in read(tmp_path, text)


@pytest.mark.parametrize("name", ["study", "demo", "demo-mushra", "page-types"])
def test_the_examples_of_the_documentation_are_right(name: str) -> None:
    path = DOCS / "examples" / f"{name}.yaml"
    file = read_study_file(path).file
    assert plan_from(file.analysis).correction == "holm"


def test_every_key_is_documented() -> None:
    documented = (DOCS / "study-file.md").read_text(encoding="utf-8")
    schema = json_schema()
    parts = [schema, *schema["$defs"].values()]
    keys = {key for part in parts for key in part.get("properties", {})}
    assert {
        key for key in keys if f"`{key}`" not in documented and f"{key}:" not in documented
    } == (set())


def test_every_key_has_a_description_for_editors() -> None:
    schema = json_schema()
    silent = [
        f"{name}.{key}"
        for name, part in {"study": schema, **schema["$defs"]}.items()
        for key, said in part.get("properties", {}).items()
        if not said.get("description") or "Attributes:" in part["description"]
    ]
    assert silent == []


def test_the_published_schema_is_current() -> None:
    published = (DOCS / "study.schema.json").read_text(encoding="utf-8")
    assert json.loads(published) == json_schema(), (
        "run: flask study schema > docs/study.schema.json"
    )


@pytest.mark.parametrize("name", ["study", "demo", "demo-mushra", "page-types"])
def test_the_schema_takes_the_examples_and_nothing_else(name: str) -> None:
    validator = Draft202012Validator(json_schema())
    study = yaml.safe_load((DOCS / "examples" / f"{name}.yaml").read_text(encoding="utf-8"))
    assert list(validator.iter_errors(study)) == []
    for wrong in (
        {"titel": "x"}, {"quota": 0}, {"interface": "guess"}, {"order": {"pages": "greek"}},
    ):  # fmt: skip
        assert not validator.is_valid({**study, **wrong})
    assert not validator.is_valid({key: study[key] for key in study if key != "title"})


def places(node: yaml.Node) -> Iterator[yaml.ScalarNode]:
    """Every key and every single value."""
    if isinstance(node, yaml.ScalarNode):
        yield node
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (*places(key), *places(value))
    else:
        for item in node.value:
            yield from places(item)


WRONG = (
    "[]", "{}", "~", "-1", "99999999999999999999", "true", ".nan", "1e400", '""', '"a\\0b"',
    '"\\ud800"', "2027-13-45", "1:30", "=", "<<", "*a", "!!python/object/apply:os.system [ls]",
    "!!bool x", "!!timestamp x", "? a", "\U0001f600", "x" * 600,
)  # fmt: skip


@pytest.mark.parametrize("name", ["study", "page-types"])
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_stands_wrong_in_a_file_is_named_on_its_line(
    tmp_path: Path, name: str, data: st.DataObject
) -> None:
    text = (DOCS / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
    node = data.draw(st.sampled_from(list(places(yaml.compose(text)))))
    wrong = data.draw(st.sampled_from(WRONG))
    path = tmp_path / "study.yaml"
    path.write_text(
        text[: node.start_mark.index] + wrong + text[node.end_mark.index :], encoding="utf-8"
    )
    found = problem_lines(path)
    line = node.start_mark.line + 1
    # Of two that do not go together (`min` above `max`), the line of what holds both is named. What
    # is no YAML is named where YAML notices: after `? a`, which begins a key, at the next key.
    said_elsewhere = found is not None and (
        "above max" in found[1] or ("not YAML" in found[1] and min(found[0]) > line)
    )
    assert found is None or said_elsewhere or line in found[0], found


def problem_lines(path: Path) -> tuple[set[int], str] | None:
    """The lines that are named as wrong, and in what words; None where nothing is."""
    try:
        read_study_file(path)
    except StudyFileError as error:
        return {problem.line for problem in error.problems}, str(error)
    return None


@pytest.mark.parametrize("word", ["Yes", "No", "on", "off", "1:30", "007", "2027-01-01", "0x10"])
def test_words_stay_words(tmp_path: Path, word: str) -> None:
    path = tmp_path / "study.yaml"
    choices = f"type: choice\n        choices: [{word}, other]"
    path.write_text(GOOD.replace("type: number", choices), encoding="utf-8")
    question = read_study_file(path).file.pages[2].questions[0]  # type: ignore[attr-defined]
    assert question.choices == [word, "other"]


PARTS = re.findall(
    r"```yaml\n(.*?)```", (DOCS / "study-file.md").read_text(encoding="utf-8"), re.DOTALL
)
REQUIRED = {"title": "Which mix?", "slug": "which", "manifest": "stimuli", "interface": "ape"}


def whole(part: str) -> str:
    """A part of a study file with what it takes to be one."""
    if part.startswith("    - "):
        part = (
            f"- type: questionnaire\n  questions:\n    - {{key: experience, question: x}}\n{part}"
        )
    if part.startswith("- "):
        part = f"pages:\n{part}"
    there = yaml.safe_load(part) or {}
    return part + "".join(f"{key}: {REQUIRED[key]}\n" for key in REQUIRED if key not in there)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.split("\n")[0].strip())
def test_what_the_documentation_shows_of_a_study_file_is_right(tmp_path: Path, part: str) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(whole(part), encoding="utf-8")
    source = read_study_file(path)
    for rule in plan_from(source.file.analysis).screening:
        check_rule(rule)


def test_all_yaml_of_the_documentation_is_tested() -> None:
    documents = [path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")]
    assert sum(text.count("```yaml") for text in documents) == len(PARTS) > 0


def test_deep_nesting_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text("pages: " + "[" * 1000, encoding="utf-8")
    with pytest.raises(ValueError, match="nested too deeply"):
        read_study_file(path)
