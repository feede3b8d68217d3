"""What is to be rendered: the systems, the passages, the anchors, the delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mixers.mixer import load_mixer, system_label
from stimuli.degraded import recipe_name
from stimuli.loudness import TARGET_LUFS
from stimuli.passages import How, Passage

Delivery = Literal["wav", "wav24", "flac", "flac24"]
"""How sound is stored: WAV or FLAC, of 16 bits or 24; FLAC is padded to one length a passage."""


@dataclass(frozen=True)
class Plan:
    """What to render of every song.

    Attributes:
        systems: names of mixers, or `LABEL=FILE` for weights of one's own.
        passages_per_song: how many.
        duration_s: of each passage.
        seed: of passages, of systems that use chance, and of dither.
        anchors: add BS.1534 anchors made from the human mix.
        reference: make the human mix the hidden reference, and add the open one.
        target_lufs: the loudness of all stimuli.
        how: passages are chosen.
        on_beat: begin passages on a beat and end them after whole beats, where a beat is found.
        by_hand: these passages and no others.
        degraded: recipes of degraded anchors to add.
        delivery: of the sound files.
    """

    systems: tuple[str, ...]
    passages_per_song: int = 1
    duration_s: float = 10.0
    seed: int = 0
    anchors: bool = False
    reference: bool = False
    target_lufs: float = TARGET_LUFS
    how: How = "active"
    on_beat: bool = False
    by_hand: tuple[Passage, ...] = ()
    degraded: tuple[str, ...] = ()
    delivery: Delivery = "wav"

    def __post_init__(self) -> None:
        if not self.systems:
            raise ValueError("no systems to render; name one at least")
        if self.passages_per_song < 1:
            raise ValueError(f"{self.passages_per_song} passages per song; must be 1 or more")
        if not 1.0 <= self.duration_s <= 600.0:
            raise ValueError(f"passages of {self.duration_s:g} s; must last 1..600 s")
        if not -50.0 <= self.target_lufs <= -10.0:
            raise ValueError(f"loudness of {self.target_lufs:g} LUFS; must be -50..-10 LUFS")
        for name, kind in (("how", How), ("delivery", Delivery)):
            if getattr(self, name) not in get_args(kind):
                raise ValueError(f"{name} {getattr(self, name)!r} is none of {get_args(kind)}")
        for system in self.systems:
            load_mixer(system)
        names = [system_label(system) for system in self.systems]
        if len(set(names)) < len(names):
            raise ValueError(f"systems of one name in {', '.join(names)}; give each its own label")
        for recipe in self.degraded:
            recipe_name(recipe)

    @property
    def suffix(self) -> str:
        """Of the sound files."""
        return ".flac" if self.delivery.startswith("flac") else ".wav"

    @property
    def bits(self) -> Literal[16, 24]:
        """Of a sample in the sound files."""
        return 24 if self.delivery.endswith("24") else 16
