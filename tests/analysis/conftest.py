"""Shared by the tests of the analysis room: the reference results of R, and small studies."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.ratings import Ratings, from_table

ORACLE = Path(__file__).resolve().parents[2].parent / "shared" / "oracle"
SETS = ("synthetic", "difftransfer_multi", "s4drc_mushra")


@dataclass(frozen=True)
class Oracle:
    """A data set and what R found in it."""

    name: str
    ratings: Ratings
    main: dict[str, Any]
    extras: dict[str, Any]


@pytest.fixture(scope="session", params=SETS)
def oracle(request: pytest.FixtureRequest) -> Oracle:
    if not ORACLE.is_dir():
        pytest.skip("the reference results (../shared/oracle) are not here")
    main = json.loads((ORACLE / f"{request.param}.R.json").read_text(encoding="utf-8"))
    extras = json.loads((ORACLE / f"{request.param}.extras.json").read_text(encoding="utf-8"))
    import pandas as pd

    table = pd.read_csv(ORACLE / f"{request.param}.csv")
    ratings = from_table(
        table, {"system": "mixer", "score": "rating"}, systems=main["meta"]["mixers"]
    )
    return Oracle(request.param, ratings, main, extras)


def simulate(
    participants: int = 12,
    passages: int = 4,
    effects: tuple[float, ...] = (0.0, 5.0, 15.0),
    *,
    seed: int = 1,
    sd: tuple[float, float, float] = (8.0, 4.0, 10.0),
) -> list[dict[str, Any]]:
    """Rows of a crossed study: participant and participant × system effects, and noise."""
    rng = np.random.default_rng(seed)
    person = rng.normal(0, sd[0], participants)
    taste = rng.normal(0, sd[1], (participants, len(effects)))
    noise = rng.normal(0, sd[2], (participants, passages, len(effects)))
    score = 50 + np.array(effects) + person[:, None, None] + taste[:, None, :] + noise
    return [
        {
            "participant": f"P{p + 1}",
            "passage": f"S{a + 1}",
            "system": "ABCDEFGH"[s],
            "score": float(np.clip(np.round(score[p, a, s]), 0, 100)),
        }
        for p in range(participants)
        for a in range(passages)
        for s in range(len(effects))
    ]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)
