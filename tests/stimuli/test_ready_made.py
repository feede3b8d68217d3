"""Ready-made sounds become stimuli that nothing tells apart but how they sound."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from stimuli.ready_made import ReadyMade, write_ready_made

Noise = Callable[..., NDArray[np.float32]]
Write = Callable[..., Path]


@pytest.mark.parametrize(("reference_s", "system_s"), [(0.4, 0.5), (0.5, 0.4)])
def test_all_are_as_long_as_the_longest(
    tmp_path: Path, noise: Noise, write_sound: Write, reference_s: float, system_s: float
) -> None:
    reference = write_sound(tmp_path / "reference.wav", noise(reference_s))
    system = write_sound(tmp_path / "system.wav", noise(system_s, channels=2, seed=1))
    item = ReadyMade("one", {"A": system}, reference, ("anchor_3500",))
    found = write_ready_made("title", [item], tmp_path / "out")
    assert [stimulus.system for stimulus in found.manifest.stimuli] == [
        "reference", "reference", "A", "anchor_3500",
    ]  # fmt: skip
    shapes = {
        soundfile.read(tmp_path / "out" / stimulus.path)[0].shape
        for stimulus in found.manifest.stimuli
    }
    assert shapes == {(22_050, 2)}
    shorter = "reference" if reference_s < system_s else "system"
    assert [notice for notice in found.notices if "of silence added" in notice] == [
        f"{tmp_path / shorter}.wav: 0.100 s of silence added at its end"
    ]
