"""The examples of docs/analysis.md run, and the talk's data have the talk's medians."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"


def talk() -> Any:
    spec = importlib.util.spec_from_file_location("talk", DOCS / "talk.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(1)
    rows = [
        {"participant": f"P{p}", "passage": f"S{a}", "mixer": mixer, "rating": mean + noise}
        for p in range(15)
        for a in range(4)
        for mixer, mean in (("Mono", 20), ("DMC", 50), ("Target", 75))
        for noise in [int(rng.integers(0, 25))]
    ]
    pd.DataFrame(rows).to_csv("ratings.csv", index=False)
    page = (DOCS / "analysis.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    said = capsys.readouterr().out
    assert "Target above Mono by" in said
    assert "F(2, " in said
    assert "participant:system" in said
    assert "15 participants rated 3 conditions in 4 passages" in said
    assert Path("all_passages.svg").stat().st_size > 1000


@pytest.mark.parametrize("name", ["enst", "medleydb"])
def test_the_simulated_talk_has_its_medians(name: str) -> None:
    module = talk()
    ratings = module.simulated(name)
    assert ratings.simulated
    found = np.median(ratings.cells, axis=0)
    for code, system in enumerate(ratings.systems):
        assert found[:, code] == pytest.approx(module.MEDIANS[name][system], abs=0.011)
