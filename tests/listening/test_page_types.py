"""Page types without a browser: what they plan, refuse, export, and hand to the analysis."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from listening import __file__ as room
from listening.db import Database
from listening.export import TidyRating, attribute_scales, tidy_ratings
from listening.models import Presentation
from listening.pages import INTERFACES, PAGE_TYPES
from listening.pages.kinds import Config, Rated
from listening.simulate import simulate
from listening.studies import check_study, find_study
from listening.study_file import StudyFileError, read_study_file

LABELS = [{"en": str(at)} for at in range(5)]
CONFIG: Config = {
    "no_preference": True,
    "systems": ["target", "mono"],
    "attributes": [{"key": "it", "labels": LABELS}],
}
SCALES = {
    "ab": (0, 1), "abx": (0, 1), "bs1116": (1, 5), "acr": (1, 5), "dcr": (1, 5), "likert": (1, 5),
    "ccr": (-3, 3),
}  # fmt: skip
"""What the documentation says of the scales; the others are 0 to 100."""


@pytest.mark.parametrize("page_type", PAGE_TYPES.values(), ids=PAGE_TYPES)
def test_every_page_type_has_its_template_script_and_line(page_type: Any) -> None:
    folder = Path(room).parent
    assert (folder / "templates" / "participant" / page_type.template).is_file()
    if page_type.script:
        assert (folder / "static" / "js" / "pages" / page_type.script).is_file()
    documents = Path(__file__).parents[2] / "docs" / "study-file.md"
    assert f"`{page_type.name}`" in documents.read_text(encoding="utf-8")
    assert page_type.entry.__doc__


@pytest.mark.parametrize("name", INTERFACES)
@given(scores=st.lists(st.floats(0, 100), min_size=2, max_size=2))
def test_a_possible_score_is_its_own_nearest_and_stays_on_the_scale(
    name: str, scores: list[float]
) -> None:
    page_type = PAGE_TYPES[name]
    fitted = page_type.fit(CONFIG, "it", scores)
    assert page_type.fit(CONFIG, "it", fitted) == pytest.approx(fitted, abs=0.06)
    assert all(0 <= score <= 100 for score in fitted)
    low, high = page_type.scale(CONFIG, "it")
    for system, score in zip(("target", "mono"), fitted, strict=True):
        assert low <= page_type.exported(CONFIG, Rated(system, "system", "it", score)) <= high


@pytest.mark.parametrize("name", INTERFACES)
def test_a_simulated_study_of_each_interface_exports_its_scale(
    add_study: Callable[..., str], database: Database, name: str
) -> None:
    rows = simulated(add_study, database, interface=name, pages=["ratings"])
    low, high = SCALES.get(name, (0, 100))
    assert {row.participant for row in rows} == {"S001", "S002", "S003"}
    assert {row.passage for row in rows} == {"ballad", "march", "waltz"}
    assert all(low <= row.score <= high for row in rows)
    assert len({row.score for row in rows}) > 1


def simulated(
    add_study: Callable[..., str], database: Database, **changes: Any
) -> list[TidyRating]:
    """The ratings of three simulated participants."""
    add_study(**changes)
    with database.write() as session:
        simulate(session, find_study(session, "test"), 3)
    with database.read() as session:
        return tidy_ratings(session, find_study(session, "test"), simulated=True)


@pytest.mark.parametrize("name", INTERFACES)
def test_the_analysis_knows_the_scale_of_each_attribute(
    add_study: Callable[..., str], database: Database, name: str
) -> None:
    """A study of comparison categories could not be analysed at all: its scores are −3 to 3."""
    from analysis.ratings import from_table

    rows = simulated(add_study, database, interface=name, pages=["ratings"])
    with database.read() as session:
        scales = attribute_scales(find_study(session, "test"))
    ratings = from_table([vars(row) for row in rows], scale=scales)
    assert set(ratings.scales.values()) == {SCALES.get(name, (0, 100))}
    assert set(ratings.attribute.levels) == {row.attribute for row in rows}


@pytest.mark.parametrize(
    ("interface", "labels", "scale"),
    [
        ("likert", 7, (1, 7)),
        ("acr", 9, (1, 9)),
        ("ccr", 5, (-2, 2)),
        ("ccr", 4, (-1.5, 1.5)),
        ("ccr", 2, (-0.5, 0.5)),
        ("ccr", 11, (-5, 5)),
    ],
)
def test_a_scale_of_labels_goes_from_the_first_to_the_last(
    add_study: Callable[..., str],
    database: Database,
    interface: str,
    labels: int,
    scale: tuple[float, float],
) -> None:
    low, high = scale
    asked = attribute_of("loud", labels)
    rows = simulated(
        add_study, database, interface=interface, pages=["ratings"], attributes=[asked]
    )
    with database.read() as session:
        assert attribute_scales(find_study(session, "test")) == {"loud": scale}
    assert {row.score for row in rows} <= {low + at for at in range(labels)}
    assert min(row.score for row in rows) < (low + high) / 2 < max(row.score for row in rows)


@pytest.mark.parametrize("labels", [2, 4, 6])
def test_grades_of_bs1116_have_a_label_each(add_study: Callable[..., str], labels: int) -> None:
    asked = attribute_of("impaired", labels)
    with pytest.raises(
        ValueError, match=f"5 labels, one a grade; attribute 'impaired' has {labels}"
    ):
        add_study(interface="bs1116", pages=["ratings"], attributes=[asked])


def attribute_of(key: str, labels: int) -> dict[str, Any]:
    """An attribute with so many labels."""
    return {"key": key, "question": "Loud?", "labels": [str(at) for at in range(1, labels + 1)]}


@pytest.mark.parametrize("labels", range(2, 12))
def test_every_comparison_that_the_page_offers_can_be_stored(labels: int) -> None:
    """As `ccr.js` counts them; with other than seven labels no page could be left."""
    page_type = PAGE_TYPES["ccr"]
    config = {"attributes": [attribute_of("it", labels)]}
    low, _ = page_type.scale(config, "it")
    for at in range(labels):
        grade = 50 * (2 * at - labels + 1) / (labels - 1)
        scores = [50 - grade, 50 + grade]
        assert page_type.fit(config, "it", scores) == pytest.approx(scores, abs=0.06)
        first, second = (
            page_type.exported(config, Rated("", "system", "it", score)) for score in scores
        )
        assert (first, second) == (-(low + at), low + at)


@pytest.mark.parametrize("name", ["ab", "abx"])
def test_the_analysis_reads_choices_as_choices(
    add_study: Callable[..., str], database: Database, name: str
) -> None:
    import pandas as pd

    from analysis.choices.comparisons import are_comparisons, comparisons_of
    from analysis.ratings import from_table

    rows = simulated(add_study, database, interface=name, pages=["ratings"])
    ratings = from_table(pd.DataFrame([vars(row) for row in rows]), scale=(0, 1))
    assert are_comparisons(ratings)
    comparisons = comparisons_of(ratings)
    pairs = 6 if name == "ab" else 3
    assert len(comparisons) == 3 * 3 * pairs
    assert comparisons.reference == "target"


def test_who_hears_x_lets_the_reference_win(add_study: Callable[..., str]) -> None:
    exported = PAGE_TYPES["abx"].exported
    for x in ("target", "mono"):
        for said in ("target", "mono"):
            scores = {
                system: exported(
                    CONFIG, Rated(system, "", "abx", 100.0 * (system == said), system == x)
                )
                for system in ("target", "mono")
            }
            assert scores == {"target": float(said == x), "mono": float(said != x)}


def test_a_pair_is_one_page_and_a_repeated_passage_another(
    add_study: Callable[..., str], database: Database
) -> None:
    add_study(
        interface="ab",
        pages=[{"type": "ab", "passages": ["ballad"], "repeated": ["ballad"],
                "pairs": [["mono", "random"], ["mono", "target"]]}],
    )  # fmt: skip
    with database.read() as session:
        pages = find_study(session, "test").pages[:-1]
        assert [page.config["systems"] for page in pages] == [
            ["target", "mono"], ["mono", "random"],
        ] * 2  # fmt: skip
        assert len({page.key for page in pages}) == 4


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        (
            "passages",
            ["polka"],
            r"pages\[0\].passages\[0\]: 'polka' is none of ballad, march, waltz",
        ),
        ("repeated", ["polka"], r"pages\[0\].repeated\[0\]: 'polka'"),
        (
            "pairs",
            [["mono", "stereo"]],
            r"pages\[0\].pairs\[0\]\[1\]: 'stereo' is none of anchor35, mono",
        ),
        ("feedback", [{"system": "x", "text": "y"}], r"pages\[0\].feedback\[0\].system: 'x'"),
    ],
)
def test_a_name_that_is_not_there_is_refused(
    add_study: Callable[..., str], key: str, value: Any, expected: str
) -> None:
    with pytest.raises(StudyFileError, match=expected):
        add_study(pages=[{"type": "ab", key: value}])


def test_one_attribute_has_one_scale(add_study: Callable[..., str]) -> None:
    attribute = {"key": "preference", "question": "Which?"}
    with pytest.raises(
        StudyFileError, match=r"attribute 'preference' goes from 0 to 100 on mushra"
    ):
        add_study(pages=["ratings", {"type": "ab", "attributes": [attribute]}])


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"attributes": [attribute_of("loud", 5)] * 2}, "attributes"),
        ({"pages": [{"type": "ape", "attributes": [attribute_of("loud", 5)] * 2}]},
         r"pages\[0\]\.attributes"),
        ({"pages": [{"type": "group", "pages": [
            {"type": "ratings", "attributes": [attribute_of("loud", 5)] * 2}]}]},
         r"pages\[0\]\.pages\[0\]\.attributes"),
    ],
)  # fmt: skip
def test_attributes_have_keys_of_their_own(
    add_study: Callable[..., str], changes: dict[str, Any], place: str
) -> None:
    with pytest.raises(StudyFileError, match=f"{place}: two attributes have the key loud"):
        add_study(**changes)


def test_labels_make_the_scale(add_study: Callable[..., str]) -> None:
    pages = [
        {"type": "likert", "attributes": [attribute_of("loud", 7)]},
        {"type": "acr", "attributes": [attribute_of("loud", 5)]},
    ]
    with pytest.raises(
        StudyFileError, match=r"attribute 'loud' goes from 1 to 7 on likert pages and from 1 to 5"
    ):
        add_study(pages=pages)
    add_study(pages=[pages[0], {**pages[1], "attributes": [attribute_of("loud", 7)]}])


@pytest.mark.parametrize(
    "pages", [{"interface": "bs1116"}, {"pages": ["bs1116"]}], ids=["interface", "entry"]
)
def test_bs1116_needs_the_hidden_reference(
    add_study: Callable[..., str], pages: dict[str, Any]
) -> None:
    """Without it everybody would have to give 5.0 to the one stimulus of each page."""
    expected = r"line \d+: systems: bs1116 needs the hidden reference and passage 'ballad' has none"
    with pytest.raises(StudyFileError, match=expected):
        add_study(**pages, systems=["mono", "random"])
    add_study(**pages, systems=["mono", "target"])


@pytest.mark.parametrize(
    ("name", "system"), [("ab", "mono"), ("abx", "target"), ("ccr", "mono"), ("bs1116", "target")]
)
def test_an_entry_without_a_page_is_refused(
    add_study: Callable[..., str], name: str, system: str
) -> None:
    with pytest.raises(StudyFileError, match=r"pages\[1\]: no page comes of this entry"):
        add_study(pages=["consent", name], systems=[system])


def test_a_forged_score_is_refused(add_study: Callable[..., str], client: Any) -> None:
    from tests.listening.test_journey import fill, page_data

    add_study(interface="acr", pages=["ratings"])
    address = client.post("/studies/test/", data={"join_key": "k" * 16}).location
    data = page_data(client.get(address, follow_redirects=True))
    answer = client.put(data["api"]["page"], json=fill(data))
    assert answer.status_code == 422
    assert "cannot store that score" in answer.json["detail"]


def test_feedback_comes_after_the_practice_and_never_before(
    add_study: Callable[..., str], client: Any
) -> None:
    from tests.listening.test_journey import fill, page_data

    said = {"system": "mono", "text": {"en": "Too narrow"}, "low": 0, "high": 40}
    add_study(pages=[{"type": "training", "feedback": [said]}, "ratings"])
    address = client.post("/studies/test/", data={"join_key": "k" * 16}).location
    before = client.get(address, follow_redirects=True)
    data = page_data(before)
    assert data["feedback"] == []
    assert "Too narrow" not in before.text
    answer = client.put(data["api"]["page"], json=fill(data)).json
    after = page_data(client.get(answer["next"]))
    assert (after["n"], after["locked"]) == (1, True)
    assert [item["text"] for item in after["feedback"]] == ["Too narrow"]
    following = page_data(client.get(after["next"]))
    assert (following["n"], following["feedback"]) == (2, [])


def test_after_practice_of_abx_it_is_told_what_x_was(
    add_study: Callable[..., str], client: Any, database: Database
) -> None:
    from tests.listening.test_journey import fill, page_data

    add_study(pages=[{"type": "abx", "training": True, "passages": ["march"]}, "abx"])
    address = client.post("/studies/test/", data={"join_key": "k" * 16}).location
    data = page_data(client.get(address, follow_redirects=True))
    assert data["x_was"] is None
    body = fill(data)
    for rating, score in zip(body["ratings"], (100, 0), strict=True):
        rating["score"] = score
    answer = client.put(data["api"]["page"], json=body).json
    after = page_data(client.get(answer["next"]))
    assert (after["n"], after["locked"]) == (1, True)
    with database.read() as session:
        x, *pair = session.scalars(select(Presentation).order_by(Presentation.id)).all()[:3]
        same = [shown.opaque_id for shown in pair if shown.stimulus.system == x.stimulus.system]
    assert [after["x_was"]] == same
    following = page_data(client.get(after["next"]))
    assert (following["n"], following["x_was"]) == (2, None)


@pytest.mark.parametrize(
    "page",
    [{"type": "abx"}, {"type": "ranking"}, {"type": "training"}],
    ids=lambda page: page["type"],
)
def test_no_range_is_expected_where_nobody_gives_a_score(
    add_study: Callable[..., str], page: dict[str, Any]
) -> None:
    said = {"system": "mono", "text": "Too narrow"}
    interface = "ab" if page["type"] == "training" else "mushra"
    with pytest.raises(StudyFileError, match=r"pages\[0\]\.feedback: here nobody gives a score"):
        add_study(interface=interface, pages=[{**page, "feedback": [{**said, "low": 3}]}])
    add_study(interface=interface, pages=[{**page, "feedback": [said]}])


@pytest.mark.parametrize(
    ("wrong", "strict", "expected"),
    [([], False, "passed"), ([1], False, "passed"), ([1, 2], False, "failed"),
     ([1], True, "failed")],
)  # fmt: skip
def test_a_verdict_counts_right_answers(wrong: list[int], strict: bool, expected: str) -> None:
    from listening.pages.kinds import PageState

    shown = tuple(f"s{at}" for at in range(6))
    config = {
        "right": dict.fromkeys(shown, "1"),
        "to_pass": 5,
        "strict": ["s0"] if strict else [],
    }
    answers = {f"trial_{at}": "2" if at in wrong else "1" for at in range(1, 7)}
    page_type = PAGE_TYPES["headphones"]
    assert page_type.verdict(config, PageState(answers, shown=shown)) == expected


QUESTIONS = [
    {"key": "plays", "question": "?", "type": "choice", "choices": ["Yes", "No"]},
    {"key": "years", "question": "Years?", "type": "number", "whole": True, "min": 1,
     "when": {"question": "plays", "answer": ["Yes"]}},
    {"key": "code", "question": "Code?", "required": False, "pattern": "[A-Z]{3}"},
]  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "gaps"),
    [
        ({"plays": "No"}, []),
        ({"plays": "Yes"}, ["Years? Please answer."]),
        ({"plays": "Yes", "years": "2.5"}, ["Years? Please answer with a whole number."]),
        ({"plays": "Yes", "years": "0"}, ["Years? Please answer with 1 or more."]),
        ({"plays": "Yes", "years": "3"}, []),
        ({"plays": "No", "code": "abc"}, ["Code? Please answer in the form that is asked for."]),
        ({"plays": "No", "code": "ABC"}, []),
        ({"plays": "Maybe"}, ["? Please choose one of the answers."]),
    ],
)
def test_conditions_and_validation_of_questions(answers: dict[str, str], gaps: list[str]) -> None:
    from listening.pages.kinds import PageState

    page_type = PAGE_TYPES["questionnaire"]
    config = page_type.entry.model_validate({"type": "questionnaire", "questions": QUESTIONS})
    found = page_type.gaps(config.model_dump(mode="json"), PageState(answers))
    assert [str(gap) for gap in found] == gaps


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"key": "verdict"}, "key: 'verdict' is kept for what pages store"),
        ({"key": "trial_1"}, "key: 'trial_1' is kept"),
        ({"key": "comment_12"}, "key: 'comment_12' is kept"),
        ({"key": "age", "type": "number", "max": float("inf")}, "max: is no number"),
        ({"key": "age", "type": "number", "min": float("nan")}, "min: is no number"),
    ],
    ids=str,
)
def test_a_question_that_nobody_could_answer_rightly_is_refused(
    write_study: Callable[..., Path], question: dict[str, Any], expected: str
) -> None:
    """An answer `failed` to the question `verdict` led to the code of who is screened out."""
    first = {"key": "trials", "question": "?"}
    pages = [{"type": "questionnaire", "questions": [first, {"question": "?", **question}]}]
    path = write_study(pages=pages)
    path.write_text(path.read_text().replace("Infinity", ".inf").replace("NaN", ".nan"))
    with pytest.raises(StudyFileError, match=rf"pages\[0\]\.questions\[1\]\.{expected}"):
        check_study(read_study_file(path))


@pytest.mark.parametrize(
    "question",
    [
        {"type": "number", "max": 0},
        {"type": "number", "max": -5.5},
        {"type": "number", "min": 1900},
        {"type": "number", "min": 0.2, "max": 0.4},
        {"type": "number", "min": 1e30},
        {"pattern": "[A-Z]{3}"},
        {"pattern": r"\d{4}"},
        {"pattern": "[a-f0-9]{24}"},
        {"pattern": r"[^@ ]+@[^@ ]+\.[a-z]+"},
        {"pattern": r"\d{4}-\d\d-\d\d"},
        {"pattern": "never this", "required": False},
        {"pattern": "never this", "when": {"question": "plays", "answer": ["Yes"]}},
    ],
    ids=str,
)
def test_simulated_participants_answer_what_is_asked(
    add_study: Callable[..., str], database: Database, question: dict[str, Any]
) -> None:
    plays = {"key": "plays", "question": "?", "type": "choice", "choices": ["No", "Never"]}
    questions = [plays, {"key": "it", "question": "It?", **question}]
    add_study(pages=[{"type": "questionnaire", "questions": questions}])
    with database.write() as session:
        assert simulate(session, find_study(session, "test"), 3) == 3


def test_a_question_that_simulation_cannot_answer_is_named(
    add_study: Callable[..., str], database: Database
) -> None:
    questions = [{"key": "code", "question": "Your code?", "pattern": "xyz+[4-6]"}]
    add_study(pages=[{"type": "questionnaire", "questions": questions}])
    with (
        pytest.raises(
            ValueError, match=r"cannot leave page questionnaire: Your code\? Please answer"
        ),
        database.write() as session,
    ):
        simulate(session, find_study(session, "test"), 3)
