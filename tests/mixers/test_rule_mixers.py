"""What the rule mixers promise, on the songs that are hard to mix."""

from __future__ import annotations

import numpy as np
import pytest

from mixers.mixer import load_mixer
from mixers.multitrack import Multitrack, Samples, Track
from mixers.rules import LEADERS

RATE_HZ = 44_100
SYSTEMS = ("expert", "unmask-level", "unmask-pan", "ducking")


def noise(seed: int) -> Samples:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal((1, RATE_HZ)) * 0.1).astype(np.float32)


def song(*tracks: tuple[str, Samples]) -> Multitrack:
    return Multitrack(
        "hard", RATE_HZ, tuple(Track(f"t{i}", role, x) for i, (role, x) in enumerate(tracks))
    )


HARD = {
    "unknown role": song(("theremin", noise(1)), ("vocals", noise(2))),
    "one track": song(("bass", noise(1))),
    "64 tracks": song(*(("unknown", noise(i % 8)[:, : RATE_HZ // 2]) for i in range(64))),
    "silent track": song(("vocals", noise(1)), ("keys", 0 * noise(2))),
    "identical tracks": song(("guitar", noise(1)), ("guitar", noise(1))),
    "opposite polarity": song(("guitar", noise(1)), ("guitar", -noise(1))),
}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("case", HARD)
def test_hard_songs_are_mixed(system: str, case: str) -> None:
    multitrack = HARD[case]
    mixer = load_mixer(system)
    if system == "ducking" and not {track.role for track in multitrack.tracks} & set(LEADERS):
        with pytest.raises(ValueError, match="has no track of role vocals or lead"):
            mixer.mix(multitrack, 0)
        return
    mix = mixer.mix(multitrack, 0)
    assert mix.samples.shape == (2, multitrack.frames)
    # Equal tracks of opposite polarity may cancel; nothing else may.
    assert mix.samples.any() or case == "opposite polarity"
    assert mix.system == mixer.name
    assert mix.settings is not None
    assert mix.samples.tobytes() == mixer.mix(multitrack, 0).samples.tobytes()


@pytest.mark.parametrize("system", SYSTEMS)
def test_silence_stays_silent(system: str) -> None:
    silent = song(("vocals", 0 * noise(1)), ("keys", 0 * noise(2)))
    assert not load_mixer(system).mix(silent, 0).samples.any()
