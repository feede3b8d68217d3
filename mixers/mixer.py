"""What a mixing system is, and the table of those there are.

The table names modules instead of importing them, so that listing the systems costs nothing and
a system that needs torch loads it only when it mixes.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

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
        "waveforms to waveform by Wave-U-Net; eight drum microphones only",
        "28 demo drum songs",
    ),
}


def load_mixer(name: str) -> Mixer:
    """Build the mixing system of that name.

    Raises:
        ValueError: there is no such system.
    """
    if name not in MIXERS:
        raise ValueError(f"there is no mixer {name!r}; there are: {', '.join(MIXERS)}")
    module, _, attribute = MIXERS[name].location.partition(":")
    return cast(Mixer, getattr(import_module(module), attribute)())
