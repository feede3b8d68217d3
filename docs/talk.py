"""Draw the talk's two figures from simulated ratings: `python -m docs.talk`.

Only the medians come from listeners; they were read off the figures of Colonel and Steinmetz,
"Deep learning approaches to multitrack mixing" (± 0.01). Spread and listeners are invented.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.plots import style
from analysis.plots.boxes import passage_boxes
from analysis.ratings import Ratings, from_table

PARTICIPANTS = 16
SPREAD = 0.16
IMAGES = Path(__file__).parent / "images"
MEDIANS = {
    "enst": {
        "DMC": (0.58, 0.73, 0.55, 0.53, 0.53),
        "Mono": (0.31, 0.30, 0.46, 0.44, 0.49),
        "Random": (0.27, 0.39, 0.65, 0.35, 0.31),
        "Target": (0.72, 0.65, 0.63, 0.41, 0.66),
        "Wave-U-Net": (0.52, 0.47, 0.13, 0.16, 0.40),
    },
    "medleydb": {
        "DMC": (0.63, 0.26, 0.40, 0.47, 0.55, 0.54),
        "Mono": (0.45, 0.54, 0.53, 0.52, 0.44, 0.31),
        "Random": (0.45, 0.24, 0.23, 0.78, 0.40, 0.14),
        "Target": (0.69, 0.72, 0.81, 0.76, 0.57, 0.79),
    },
}


def simulated(name: str, seed: int = 1) -> Ratings:
    """Ratings from 0 to 1 whose median per passage and system is the published one.

    An even number of listeners spread evenly around the median: half a side above, half below.
    """
    rng = np.random.default_rng(seed)
    offsets = np.linspace(-1.6, 1.6, PARTICIPANTS) * SPREAD
    rows = [
        {
            "participant": f"P{person + 1}",
            "passage": "ABCDEF"[passage],
            "system": system,
            "score": float(np.clip(median + offset, 0, 1)),
            "simulated": True,
        }
        for system, medians in MEDIANS[name].items()
        for passage, median in enumerate(medians)
        for person, offset in enumerate(rng.permutation(offsets))
    ]
    return from_table(rows, study=name, scale=(0, 1))


def main() -> None:
    """Write both figures; systems have the same colours in both."""
    colours = style.colours_of(tuple(MEDIANS["enst"]))
    with style.context():
        for name in MEDIANS:
            axes = passage_boxes(simulated(name), colours, style.new_axes(4.6, 2.9))
            figure = axes.figure
            figure.suptitle(f"{style.SIMULATED} (medians as published)", fontsize=style.SMALL_PT)
            figure.savefig(IMAGES / f"talk_{name}.png", dpi=180)


if __name__ == "__main__":
    main()
