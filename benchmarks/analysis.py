"""The classical report beside pingouin and scikit-posthocs, on 50 × 10 × 6 ratings, in one run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from analysis import blocks, descriptive, omnibus, pairwise, permutation, posthoc
from analysis.analyse import analyse
from analysis.model_based import model_based
from analysis.ratings import from_table
from analysis.report import results_json

ROOT = Path(__file__).resolve().parent.parent


def table(participants: int, passages: int, systems: int) -> pd.DataFrame:
    """Crossed ratings 0–100 with participant, passage and interaction effects."""
    rng = np.random.default_rng(1)
    shape = (participants, passages, systems)
    score = 50 + 4 * np.arange(systems) + rng.normal(0, 8, (participants, 1, 1))
    score = score + rng.normal(0, 5, (1, passages, systems)) + rng.normal(0, 12, shape)
    index = np.indices(shape).reshape(3, -1)
    names = [
        [f"{letter}{code}" for code in codes] for letter, codes in zip("PSM", index, strict=True)
    ]
    frame = pd.DataFrame(dict(zip(("participant", "passage", "system"), names, strict=True)))
    return frame.assign(score=np.clip(np.round(score.reshape(-1)), 0, 100))


def seconds(call: Callable[[], object], repeats: int = 3) -> float:
    """The fastest of some runs."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def peer_report(frame: pd.DataFrame, means: pd.DataFrame) -> None:
    """What both peers have of a classical report, which is less than ours."""
    import pingouin
    import scikit_posthocs

    within = {"data": means, "dv": "score", "within": "system", "subject": "participant"}
    pingouin.friedman(**within)
    pingouin.rm_anova(**within, correction=True)
    pingouin.pairwise_tests(**within, parametric=False, padjust="holm")
    pingouin.pairwise_tests(**within, padjust="holm")
    pingouin.kruskal(data=frame, dv="score", between="system")
    blocks_of = {"y_col": "score", "block_col": "participant", "group_col": "system"}
    scikit_posthocs.posthoc_nemenyi_friedman(
        means, **blocks_of, block_id_col="participant", melted=True
    )
    scikit_posthocs.posthoc_conover_friedman(
        means, **blocks_of, block_id_col="participant", melted=True, p_adjust="holm"
    )
    scikit_posthocs.posthoc_dunn(frame, val_col="score", group_col="system", p_adjust="holm")


def command(frame: pd.DataFrame) -> None:
    """The whole command: imports, reading, numbers, all figures and reports."""
    with tempfile.TemporaryDirectory() as folder:
        ratings = Path(folder) / "ratings.csv"
        frame.to_csv(ratings, index=False)
        flask = [sys.executable, "-m", "flask", "analyse", str(ratings), "-o", f"{folder}/results"]
        subprocess.run(flask, check=True, capture_output=True, cwd=ROOT)


def main() -> None:
    """Print ours, the peer and their ratio."""
    import pingouin
    import scikit_posthocs

    warnings.simplefilter("ignore")
    frame = table(50, 10, 6)
    ratings = from_table(frame)
    means = frame.groupby(["participant", "system"], as_index=False)["score"].mean()
    within = {"data": means, "dv": "score", "within": "system", "subject": "participant"}
    long = {"val_col": "score", "group_col": "system", "p_adjust": "holm"}
    table_of_blocks = blocks.participant_blocks(ratings)
    rows: list[tuple[str, Callable[[], object], str, Callable[[], object]]] = [
        (
            "Friedman with W and its interval",
            lambda: omnibus.friedman(table_of_blocks),
            "pingouin",
            lambda: pingouin.friedman(**within),
        ),
        (
            "pairwise Wilcoxon, exact, with Holm and intervals",
            lambda: pairwise.wilcoxon(ratings),
            "pingouin",
            lambda: pingouin.pairwise_tests(**within, parametric=False, padjust="holm"),
        ),
        (
            "Dunn with Holm",
            lambda: posthoc.dunn(ratings),
            "scikit-posthocs",
            lambda: scikit_posthocs.posthoc_dunn(frame, **long),
        ),
        (
            "Conover with Holm",
            lambda: posthoc.conover_iman(ratings),
            "scikit-posthocs",
            lambda: scikit_posthocs.posthoc_conover(frame, **long),
        ),
    ]
    print(f"{'50 × 10 × 6 ratings':52}{'ours ms':>10}{'peer ms':>10}{'ratio':>8}")
    for name, ours, peer, theirs in rows:
        mine, other = seconds(ours), seconds(theirs)
        print(f"{name:52}{1e3 * mine:10.1f}{1e3 * other:10.1f}{other / mine:8.1f}  {peer}")
    whole = seconds(lambda: results_json(analyse(ratings)))
    peers = seconds(lambda: peer_report(frame, means))
    name = "whole report, mixed model too, as JSON; peers: eight tests"
    print(f"{name:52}{1e3 * whole:10.1f}{1e3 * peers:10.1f}{peers / whole:8.1f}  both peers")
    for name, call in (
        ("of which the mixed model", lambda: model_based(ratings)),
        ("of which sign flips, 15 pairs, 10 000, max-T", lambda: permutation.sign_flip(ratings)),
        ("of which descriptives, five bootstraps of 2 000", lambda: descriptive.summaries(ratings)),
    ):
        print(f"{name:52}{1e3 * seconds(call):10.1f}")
    frame = table(1000, 20, 8)
    large = from_table(frame)
    for name, call in (
        ("everything on 1000 × 20 × 8", lambda: analyse(large)),
        ("the same as `flask analyse`, start to last file", lambda: command(frame)),
    ):
        print(f"{name:52}{1e3 * seconds(call):10.1f}")


if __name__ == "__main__":
    main()
