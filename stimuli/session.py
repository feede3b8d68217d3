"""The sounds of one passage, each made when it is asked for and kept while the passage lasts."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np

from mixers.mixer import load_mixer, system_label, weights_digest
from mixers.multitrack import Multitrack, Samples
from stimuli.anchors import ANCHORS, low_pass
from stimuli.audio import resample
from stimuli.degraded import anchor_name, make_degraded
from stimuli.passages import Passage, fade
from stimuli.plan import Plan
from stimuli.provenance import code_version
from stimuli.seeds import seed_for

if TYPE_CHECKING:
    from mixers.settings import Settings

RATE_HZ = 44_100
FADE_S = 0.02
LEAD_IN_S = 2.0
"""Mixed before the passage and cut off again, so that compressors and reverbs are in motion."""
TARGET = "target"


class Session:
    """Mixes and anchors of one passage at the rate of the stimuli.

    Attributes:
        passage: what is mixed.
        seed: of the plan.
        content: a name for all that every sound of the passage depends on.
    """

    def __init__(
        self, multitrack: Multitrack, lead_in_s: float, passage: Passage, plan: Plan
    ) -> None:
        self.passage = passage
        self.seed = plan.seed
        self.content = _content(multitrack, passage, plan.seed)
        self._multitrack = multitrack
        self._lead_in_s = lead_in_s
        self._systems = {system_label(system): system for system in plan.systems}
        self._recipes = {anchor_name(recipe): recipe for recipe in plan.degraded}
        self._whole: dict[str, Samples] = {}
        self._settings: dict[str, Settings | None] = {}

    @property
    def has_target(self) -> bool:
        """Whether the song has a human mix."""
        return self._multitrack.target is not None

    @property
    def frames(self) -> int:
        """The length of the passage at the rate of the stimuli."""
        return round(self.passage.duration_s * RATE_HZ)

    def sound(self, name: str) -> Samples:
        """A mix or anchor, cut to the passage and faded, before its loudness is matched.

        Raises:
            ValueError: the system refuses the song.
        """
        skip = round(self._lead_in_s * RATE_HZ)
        part = self._uncut(name)[:, skip : skip + self.frames]
        padded = np.pad(part, ((0, 0), (0, self.frames - part.shape[1])))
        return fade(padded, RATE_HZ, FADE_S)

    def settings(self, name: str) -> Settings | None:
        """What the console was set to for a mix that was made."""
        return self._settings.get(name)

    def weights(self, name: str) -> str:
        """A digest of the weights of a system that has its own; empty for all others."""
        return weights_digest(self._systems.get(name, name))

    def _uncut(self, name: str) -> Samples:
        if name not in self._whole:
            self._whole[name] = self._make(name)
        return self._whole[name]

    def _make(self, name: str) -> Samples:
        if name in ANCHORS:
            return low_pass(self._uncut(TARGET), RATE_HZ, ANCHORS[name])
        seed = seed_for(self.seed, self.passage.name, name)
        if name in self._recipes:
            spoilt = make_degraded(self._recipes[name], self._multitrack, seed)
            return resample(spoilt, self._multitrack.sample_rate_hz, RATE_HZ)
        mixer = load_mixer(self._systems.get(name, name))
        if "torch" in sys.modules:
            # More threads would sum in another order: other bytes than those of another run.
            sys.modules["torch"].set_num_threads(1)
        mix = mixer.mix(self._multitrack, seed)
        self._settings[name] = mix.settings
        return resample(mix.samples, mix.sample_rate_hz, RATE_HZ)


def _content(multitrack: Multitrack, passage: Passage, seed: int) -> str:
    digest = hashlib.sha256(code_version().encode())
    about = (asdict(passage), seed, multitrack.sample_rate_hz)
    digest.update(json.dumps(about, sort_keys=True).encode())
    for track in multitrack.tracks:
        digest.update(json.dumps([track.name, track.role, track.samples.shape]).encode())
        digest.update(np.ascontiguousarray(track.samples).data)
    if multitrack.target is not None:
        digest.update(b"target")
        digest.update(np.ascontiguousarray(multitrack.target).data)
    return digest.hexdigest()
