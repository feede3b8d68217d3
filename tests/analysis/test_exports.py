"""Results of other tools, in the shapes that those tools write."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.readers import read_ratings

MUSHRA = """session_test_id,name,session_uuid,trial_id,\
rating_stimulus,rating_score,rating_time,rating_comment
t,Ann,u1,drums,reference,100,9,
t,Ann,u1,drums,C1,40,9,"a & b"
t,Ann,u1,drums,anchor35,10,9,
"""
OLD_MUSHRA = """session_test_id,email,age,trial_id,\
rating_stimulus,rating_score,rating_time,rating_comment
t,a@b.c,30,drums,C1,40,9,
t,d@e.f,30,drums,C1,50,9,
"""
PAIRS = """session_test_id,session_uuid,trial_id,choice_reference,choice_non_reference,choice_answer
t,u1,drums,ref,C1,correct
t,u2,drums,ref,C1,undecided
"""
BS1116 = """session_test_id,session_uuid,trial_id,rating_reference,rating_non_reference,\
rating_reference_score,rating_non_reference_score
t,u1,drums,ref,C1,5.0,3.2
"""
LIKERT = """session_test_id,session_uuid,trial_id,stimuli_rating,stimuli,rating_time
t,u1,drums, 4 ,C1,9
"""
PYMUSHRA = """responses_stimulus;responses_score;questionaire_uuid;wm_id;wm_type
C1;40;u1;drums;mushra
"""
GOLISTEN = """Tags,,rock,,,,
Name,Date,"Drums rating",,Time (s),"Band rating",,Time (s),"How old are you?"
,,drums_mono.wav,drums_C1.wav,,band_mono.wav,band_C1.wav,,
Ann,2021-03-01 10:00:00,20,55.5,12,30,60,9,30
Bob,2021-03-01 11:00:00,,40,3,10,20,9,41
Ann,2021-03-02 10:00:00,1,2,12,3,4,9,"3,4"
"""
GOLISTEN_ACR = """Tags,,drums|mono,drums|C1,
Name,Date,"One rating","Two rating","Any remarks?"
Ann,2021-03-01 10:00:00,"2","4",none
"""
WAET = """<waetresult key="s1"><page ref="drums" state="complete">
<audioelement ref="C1" type="normal"><value interface-name="default">0.5</value></audioelement>
<audioelement ref="open" type="outside-reference"/></page>
<page ref="band" state="started"/></waetresult>"""


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("mushra.csv", MUSHRA, [("u1", "reference", "reference", 100), ("u1", "C1", "system", 40)]),
        ("old.csv", OLD_MUSHRA, [("a@b.c 30", "C1", "system", 40)]),
        ("paired.csv", PAIRS, [("u1", "ref", "reference", 1), ("u2", "C1", "system", 0.5)]),
        ("bs1116.csv", BS1116, [("u1", "ref", "reference", 5), ("u1", "C1", "system", 3.2)]),
        ("lss.csv", LIKERT, [("u1", "C1", "system", 4)]),
        ("pymushra.csv", PYMUSHRA, [("u1", "C1", "system", 40)]),
        ("waet.xml", WAET, [("s1", "C1", "system", 0.5)]),
        ("acr_Test.csv", GOLISTEN_ACR, [("Ann", "mono", "system", 2), ("Ann", "C1", "system", 4)]),
    ],
)
def test_an_export_becomes_tidy_ratings(
    tmp_path: Path, name: str, text: str, expected: list[tuple[str, str, str, float]]
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    ratings = read_ratings(path)
    columns = (ratings.participant, ratings.system, ratings.role)
    found = zip(*(column.names() for column in columns), ratings.score, strict=True)
    assert set(expected) <= set(found)
    assert ratings.passage.levels == ("drums",)


def test_one_page_of_pairs_compares_the_reference_with_several(tmp_path: Path) -> None:
    path = tmp_path / "paired.csv"
    path.write_text(PAIRS + "t,u1,drums,ref,C2,incorrect\n", encoding="utf-8")
    ratings = read_ratings(path)
    assert ratings.page.levels == ("drums: C1", "drums: C2")
    assert ratings.systems == ("C1", "C2", "ref")


def test_go_listen_names_systems_by_what_tells_the_sounds_apart(tmp_path: Path) -> None:
    path = tmp_path / "mushra_Test-20210301.csv"
    path.write_text(GOLISTEN, encoding="utf-8")
    ratings = read_ratings(path, scale=(0, 100))
    assert ratings.systems == ("C1", "mono")
    assert ratings.passage.levels == ("Band", "Drums")
    assert ratings.participant.levels == (
        "Ann 2021-03-01 10:00:00",
        "Ann 2021-03-02 10:00:00",
        "Bob",
    )
    assert ratings.cells[2].tolist()[0] == [20, 10]
    assert "1 of 12 ratings have no score" in ratings.notes[0]


def test_go_listen_keeps_names_that_have_nothing_in_common(tmp_path: Path) -> None:
    path = tmp_path / "mushra.csv"
    path.write_text(GOLISTEN.replace("band_C1.wav", "band_C2.wav"), encoding="utf-8")
    assert read_ratings(path).systems == ("band_C2", "band_mono", "drums_C1", "drums_mono")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOLISTEN.replace("55.5", "good"), "line 4, column 4: score 'good' is no number"),
        (GOLISTEN_ACR.replace('"2"', '"inf"'), "line 3, column One rating: score 'inf'"),
        (GOLISTEN_ACR.replace(" rating", " "), "does not say which sounds were rated"),
    ],
)
def test_a_wrong_download_of_go_listen_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "download.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_ratings(path)


def test_an_anchor_of_webmushra_is_known(tmp_path: Path) -> None:
    path = tmp_path / "mushra.csv"
    path.write_text(MUSHRA, encoding="utf-8")
    assert read_ratings(path).compared().systems == ("C1", "reference")


def test_a_wide_table_is_read_by_naming_its_systems(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    path.write_text("participant,passage,A,B\n1,S,2,3\n2,S,4,\n", encoding="utf-8")
    ratings = read_ratings(path, wide=["A", "B"])
    assert ratings.score.tolist() == [2, 4, 3]
    with pytest.raises(ValueError, match="no column 'C'"):
        read_ratings(path, wide=["C"])


def test_a_session_with_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xml"
    path.write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', encoding="utf-8")
    with pytest.raises(ValueError, match="declares entities"):
        read_ratings(path)
