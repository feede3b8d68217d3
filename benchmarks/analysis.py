"""The classical report beside pingouin and scikit-posthocs, on 50 × 10 × 6 ratings, in one run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis import blocks, descriptive, omnibus, pairwise, permutation, posthoc
from analysis.analyse import analyse
from analysis.ratings import from_table
from analysis.report import results_json


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
    for name, call in (
        ("sign-flip permutation, 15 pairs, 10 000, max-T", lambda: permutation.sign_flip(ratings)),
        ("descriptives with five bootstraps of 2 000", lambda: descriptive.summaries(ratings)),
        ("everything, mixed models too, as JSON", lambda: results_json(analyse(ratings))),
    ):
        print(f"{name:52}{1e3 * seconds(call):10.1f}")
    large = from_table(table(1000, 20, 8))
    print(f"{'everything on 1000 × 20 × 8':52}{1e3 * seconds(lambda: analyse(large), 1):10.1f}")


if __name__ == "__main__":
    main()
