"""What a mixing system is, and the table of those there are.

The table names modules instead of importing them, so that listing the systems costs nothing and
a system that needs torch loads it only when it mixes.

A system is named as in the table, or as `LABEL=FILE`: weights that someone trained, and what they
are to be called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from mixers.multitrack import Mix, Multitrack


class Mixer(Protocol):
    """A mixing system: a multitrack in, a stereo mix out.

    A mixer keeps the length, stays finite, leaves silence silent, and gives the same bytes for
    the same multitrack and seed. A mixer that uses no chance ignores the seed. It raises
    `ValueError` where it cannot mix a song, and says why.
    """

    name: str

    def mix(self, multitrack: Multitrack, seed: int) -> Mix:
        """Mix the multitrack."""
        ...


@dataclass(frozen=True)
class Entry:
    """One row of the table of systems.

    Attributes:
        location: "module:Class"; the class is built without arguments.
        summary: one line for people.
        learnt_from: what the weights that ship were trained on, in a few words; empty where the
            system does not learn. The model card beside the weights says more.
    """

    location: str
    summary: str
    learnt_from: str = ""


MIXERS: dict[str, Entry] = {
    "mono": Entry("mixers.baselines:Mono", "every track equally loud, summed, no panning"),
    "random": Entry("mixers.baselines:Random", "random gain and pan per track"),
    "random-console": Entry(
        "mixers.random_console:RandomConsole", "every knob of the console at random"
    ),
    "target": Entry("mixers.baselines:Target", "the human mix that came with the song"),
    "expert": Entry("mixers.expert:Expert", "rules of practical mixing, each with its reason"),
    "unmask-level": Entry("mixers.unmasking:UnmaskLevel", "levels at which tracks mask least"),
    "unmask-pan": Entry("mixers.unmasking:UnmaskPan", "panned apart what masks each other"),
    "ducking": Entry("mixers.unmasking:Ducking", "the bed steps back while a lead plays"),
    "forest": Entry(
        "mixers.forest:Forest", "levels and pans learnt by a random forest", "51 demo songs"
    ),
    "wave-u-net": Entry(
        "mixers.waveunet:WaveUNetMixer",
        "waveforms to waveform by Wave-U-Net; the tracks of demo drums or demo bands only",
        "28 demo drum songs, 28 demo bands",
    ),
    "dmc": Entry(
        "mixers.dmc:DmcMixer",
        "gains, EQ, pans and a room by the differentiable mixing console; any tracks",
        "56 demo songs",
    ),
    "ddsp": Entry(
        "mixers.ddsp:DdspMixer",
        "gains, EQ, pans and a room by a controller that hears all stems; any tracks",
        "56 demo songs",
    ),
}


LABEL = re.compile(r"[a-z0-9][a-z0-9-]*")
FOREST_SUFFIX = ".skops"


def load_mixer(name: str) -> Mixer:
    """Build the mixing system of that name, or of `LABEL=FILE`.

    Raises:
        ValueError: there is no such system, the label cannot be one, or the file holds no weights.
        OSError: the file cannot be read.
    """
    label, own, file = name.partition("=")
    if own:
        return _trained(label, Path(file))
    return cast(Mixer, _class_of(name)())


def system_label(name: str) -> str:
    """What a system is called in tables, figures and files: the label of `LABEL=FILE`."""
    return name.partition("=")[0]


def weights_digest(name: str) -> str:
    """A digest of the weights of `LABEL=FILE`, to know them again; empty for other systems."""
    _, own, file = name.partition("=")
    return sha256(Path(file).read_bytes()).hexdigest() if own else ""


def _trained(label: str, weights: Path) -> Mixer:
    """A system with weights of its own, under a name of its own."""
    from mixers.checkpoints import architecture_of

    if weights.is_dir() or not weights.exists():
        raise FileNotFoundError(f"there are no weights at {weights}")
    architecture = "forest" if weights.suffix == FOREST_SUFFIX else architecture_of(weights)
    if not LABEL.fullmatch(label):
        raise ValueError(f"{label!r} cannot name a system: use small letters, digits and hyphens")
    if label in MIXERS and label != architecture:
        raise ValueError(f"{weights} holds weights of {architecture}; call it other than {label!r}")
    mixer = _class_of(architecture)(weights=weights)
    mixer.name = label
    return cast(Mixer, mixer)


def _class_of(name: str) -> Any:
    if name not in MIXERS:
        raise ValueError(f"there is no mixer {name!r}; there are: {', '.join(MIXERS)}")
    module, _, attribute = MIXERS[name].location.partition(":")
    return getattr(import_module(module), attribute)
