"""The models beside statsmodels, on 50 × 10 × 6 ratings, in one run."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from analysis.choices.bradley_terry import fit_bradley_terry
from analysis.choices.comparisons import Comparisons
from analysis.choices.plackett_luce import fit_plackett_luce
from analysis.contrasts import marginal_means, pairwise_contrasts, system_test
from analysis.models import fit_mixed_model
from analysis.ordinal import fit_ordinal_model
from analysis.planning.design import Design, Spread
from analysis.planning.simulate import simulate_power
from analysis.ratings import Factor, Ratings, from_table
from benchmarks.analysis import seconds, table

INTERCEPTS = (("participant",), ("passage",))
EDGES = (20.0, 40.0, 60.0, 80.0)


def pairs(systems: int = 6, participants: int = 50, passages: int = 10) -> Comparisons:
    """Every pair, judged by everybody in every passage, with ties."""
    rng = np.random.default_rng(1)
    first, second = np.triu_indices(systems, 1)
    shape = (participants, passages, first.size)
    strength = np.arange(systems) / 4.0 + rng.normal(0, 0.5, (participants, 1, systems))
    eta = strength[:, :, first] - strength[:, :, second] + rng.logistic(size=shape)
    who, where, which = (index.ravel() for index in np.indices(shape))
    return Comparisons(
        systems=tuple(f"M{code}" for code in range(systems)),
        reference=None,
        participant=Factor(who, tuple(map(str, range(participants)))),
        passage=Factor(where, tuple(map(str, range(passages)))),
        first=first[which],
        second=second[which],
        outcome=np.where(np.abs(eta) < 0.3, 0, np.sign(eta)).astype(np.int64).ravel(),
    )


def everything(ratings: Ratings) -> None:
    """Fit with both interactions, both tests, means and all contrasts."""
    model = fit_mixed_model(ratings)
    system_test(model)
    system_test(model, "kenward-roger")
    marginal_means(model)
    pairwise_contrasts(model)


def statsmodels_crossed(frame: object) -> None:
    """Random intercepts only: with the interactions it takes minutes."""
    from statsmodels.api import MixedLM

    parts = {"p": "0 + C(participant)", "s": "0 + C(passage)"}
    MixedLM.from_formula(
        "score ~ C(system)", frame, groups=np.ones(3000), vc_formula=parts, re_formula="0"
    ).fit(method="lbfgs")


def main() -> None:
    """Print ours, the peer and their ratio."""
    warnings.simplefilter("ignore")
    frame = table(50, 10, 6)
    ratings, comparisons = from_table(frame), pairs()
    print(f"{'50 × 10 × 6 ratings':58}{'ours ms':>10}{'peer ms':>10}{'ratio':>8}")
    peer = seconds(lambda: statsmodels_crossed(frame), 1)
    ours = seconds(lambda: fit_mixed_model(ratings, random=INTERCEPTS))
    name = "linear, two intercepts"
    print(f"{name:58}{1e3 * ours:10.1f}{1e3 * peer:10.1f}{peer / ours:8.1f}  statsmodels")
    design, spread = Design(20, 5, 4), Spread(8.0, 3.0, 4.0, 3.0, 12.0)
    alone: tuple[tuple[str, Callable[[], object]], ...] = (
        ("linear, both interactions, tests, means, contrasts", lambda: everything(ratings)),
        (
            "ordinal, five categories, two intercepts (R: 12 600 ms)",
            lambda: fit_ordinal_model(ratings, random=INTERCEPTS, edges=EDGES),
        ),
        (
            "ordinal, five categories, both interactions",
            lambda: fit_ordinal_model(ratings, edges=EDGES),
        ),
        (f"Bradley-Terry, {len(comparisons)} pairs", lambda: fit_bradley_terry(comparisons)),
        ("Plackett-Luce, 500 rankings of six", lambda: fit_plackett_luce(ratings)),
        (
            "power, 20 simulated studies of 20 × 5 × 4",
            lambda: simulate_power(design, spread, 5.0, simulations=20),
        ),
    )
    for name, call in alone:
        print(f"{name:58}{1e3 * seconds(call):10.1f}")


if __name__ == "__main__":
    main()
