"""What a report looks like: figures as wide as they are printed, and tables that fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cbook import boxplot_stats

from analysis.analyse import Outcome, analyse
from analysis.figures import _figures_of, file_names
from analysis.plan import Plan
from analysis.plots import style
from analysis.plots.assessors import _log_ticks
from analysis.plots.boxes import _boxes
from analysis.plots.text import widest_inches
from analysis.ratings import from_table
from analysis.report import report_html, results_json
from analysis.sheets import COLUMN_INCHES, Picture, Sheets
from analysis.tables import pair_table

SYSTEMS = ("Mono", "Random", "Wave-U-Net", "DMC", "Target")


def study(systems: tuple[str, ...] = SYSTEMS, passages: int = 5) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    return [
        {
            "participant": f"P{p}",
            "passage": f"S{a}",
            "system": system,
            "role": "anchor" if system == "lp35" else "system",
            "group": "expert" if p % 2 else "novice",
            # One listener calls one stimulus bad that all others call good.
            "score": 1.0
            if (p, a, s) == (3, 2, 4)
            else float(np.clip(np.round(25 + 12 * s + rng.normal(0, 6)), 0, 100)),
        }
        for p in range(12)
        for a in range(passages)
        for s, system in enumerate(systems)
    ]


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return analyse(from_table(study()))


def test_figures_of_a_usual_study_fit_a_column_and_their_letters_are_read(outcome: Outcome) -> None:
    with style.context():
        for name, _, _, ax in _figures_of(outcome, outcome.attributes[0]):
            figure = ax.get_figure(root=True)
            assert figure is not None
            # A hair more than a column where names stand on both sides.
            assert style.figure_width(ax) <= 1.2 * style.COLUMN_INCHES, name
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            texts = figure.findobj(lambda artist: hasattr(artist, "get_fontsize"))
            shown = [text for text in texts if text.get_text().strip() and text.get_visible()]
            assert min(text.get_fontsize() for text in shown) >= 6.5, name
            for text in ax.texts:
                box = text.get_window_extent(canvas.get_renderer())
                assert figure.bbox.x0 - 2 <= box.x0, (name, text.get_text())
                assert box.x1 <= figure.bbox.x1 + 2, (name, text.get_text())


def test_anchors_are_grey_and_leave_the_colours_to_the_systems() -> None:
    names = (*"ABCDEFGH", "lp35", "lp70")
    colours = style.colours_of(names, ("lp35", "lp70"))
    assert tuple(colours) == names
    assert tuple(colours.values())[:8] == style.OKABE_ITO
    assert {colours["lp35"], colours["lp70"]} <= set(style.ANCHOR_GREYS)
    assert len(set(style.colours_of(tuple(map(str, range(30)))).values())) == 30


@pytest.mark.parametrize("names", [("A", "B"), ("a quite long name",) * 7, tuple("ABCDEFGHIJ")])
def test_a_legend_fits_its_figure_and_fills_its_rows(names: tuple[str, ...]) -> None:
    columns = style.legend_columns(names, style.COLUMN_INCHES)
    entry = widest_inches(names, style.TEXT_PT) + style.LEGEND_KEY_INCHES
    assert columns == 1 or columns * entry <= style.COLUMN_INCHES
    rows = -(-len(names) // columns)
    assert rows * columns - len(names) < rows or columns == 1


@pytest.mark.parametrize(("low", "high"), [(0.03, 0.25), (0.9, 2.2), (1, 900), (1.5, 1.9), (3, 40)])
def test_ticks_of_a_logarithmic_axis_are_few_and_round(low: float, high: float) -> None:
    ticks = _log_ticks(low, high)
    assert 2 <= len(ticks) <= 9
    assert all(low <= tick <= high for tick in ticks)


def test_tables_leave_out_what_says_nothing(outcome: Outcome) -> None:
    families = {family.name: family for family in outcome.attributes[0].families}
    wilcoxon = pair_table(families["wilcoxon"].results, (0, 100), 0.05)
    assert wilcoxon.head == (
        "Pair", "n", "W+", "p", "corrected p", "rank-biserial r", "Difference",
    )  # fmt: skip
    tukey = pair_table(families["tukey"].results, (0, 100), 0.05)
    assert tukey.head == ("Pair", "n", "t", "p", "corrected p", "Difference")
    for row, keys in zip(wilcoxon.rows, wilcoxon.keys, strict=True):
        assert len(row) == len(keys) == 7
        assert row[6].startswith(f"{keys[6]:.1f}".replace("-", "−") + " [")


def test_the_report_has_each_passage_each_group_and_the_outliers(outcome: Outcome) -> None:
    page = report_html(outcome, {"score": ()})
    assert "Ratings of each system in each passage" in page
    assert "Ratings of each system in each group" in page
    found = json.loads(results_json(outcome))["screening"]["outliers"]
    assert {"participant": "P3", "attribute": "score", "passage": "S2", "system": "Target",
            "score": 1.0} in found  # fmt: skip
    assert f"{len(found)} ratings beyond 1.5 interquartile ranges" in page
    assert "_p =" not in page
    assert "partial η² =" in page


def test_what_screening_changed_is_told_with_differences() -> None:
    rule = {"rule": "manual", "participant": "P3", "reason": "headphones unplugged"}
    outcome = analyse(from_table(study()), Plan(screening=(rule,)))
    after, before = outcome.screening_effect[0]
    assert after is not None
    assert (after.n, before.n) == (11, 12)
    page = report_html(outcome, {"score": ()})
    assert "without and with the excluded participants: difference, and corrected p" in page


def test_pictures_of_a_column_stand_two_abreast(tmp_path: Path) -> None:
    png = tmp_path / "a.png"
    style.new_axes().get_figure(root=True).savefig(png)  # type: ignore[union-attr]
    narrow, wide = Picture(png, 3.5, "Narrow. " * 9), Picture(png, 7.0, "Wide.")
    with Sheets(tmp_path / "a.pdf", "pictures") as sheets:
        heights = []
        for pictures in ([narrow], [narrow, narrow], [wide], [wide, narrow]):
            sheets.turn()
            before = sheets._y
            sheets.pictures(pictures)
            heights.append(sheets._y - before)
    assert heights[1] == pytest.approx(heights[0], rel=0.35)
    assert heights[2] > 1.5 * heights[0]
    assert heights[3] == pytest.approx(heights[2] + heights[0])
    assert narrow.width_inches <= COLUMN_INCHES < wide.width_inches


def test_boxes_are_those_of_matplotlib() -> None:
    """Quartiles, whiskers and outliers, read back from the drawing."""
    rng = np.random.default_rng(4)
    groups = [np.round(rng.normal(50, 12, n)) for n in (2, 3, 9, 40)]
    ax = style.new_axes()
    _boxes(ax, [*groups, np.empty(0)], np.arange(5.0), 0.8, "#000000")
    lines, frames, medians = ax.collections
    found_lines, found_medians = lines.get_segments(), medians.get_segments()  # type: ignore[attr-defined]
    for place, stats in enumerate(boxplot_stats(groups)):
        corners = frames.get_paths()[place].vertices
        assert {corners[:, 1].min(), corners[:, 1].max()} == {stats["q1"], stats["q3"]}
        assert found_medians[place][0, 1] == stats["med"]
        ends = [found_lines[2 * place + side][1, 1] for side in (0, 1)]
        assert ends == [stats["whislo"], stats["whishi"]]
    beyond = ax.lines[0].get_ydata() if ax.lines else []
    assert sorted(beyond) == sorted(np.concatenate([s["fliers"] for s in boxplot_stats(groups)]))


@given(st.lists(st.text(max_size=200), unique=True, max_size=6))
def test_every_attribute_has_files_of_its_own(attributes: list[str]) -> None:
    names = file_names(attributes)
    assert list(names) == attributes
    assert len({name.casefold() for name in names.values()}) == len(attributes)
    assert all(name and set(name) & set("/\\\0.") == set() for name in names.values())
    assert all(len(name.encode()) < 250 for name in names.values())


def test_attributes_that_differ_in_signs_only_are_numbered() -> None:
    names = file_names(["Bass?", "Bass!", "bass", "!"])
    assert list(names.values()) == ["bass", "bass-2", "bass-3", "score"]
