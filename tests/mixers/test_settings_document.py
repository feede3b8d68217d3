"""docs/settings-file.md says what settings there are."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from mixers.settings import (
    RANGES,
    BusSettings,
    Compressor,
    EqBand,
    Reverb,
    TrackSettings,
    settings_from_json,
)

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "settings-file.md").read_text("utf-8")


def test_the_example_is_a_settings_file() -> None:
    example = re.search(r"```json\n(.*?)```", TEXT, flags=re.S)
    assert example is not None
    assert len(settings_from_json(example.group(1)).tracks) == 3


def test_every_key_is_explained() -> None:
    kinds = (TrackSettings, EqBand, Compressor, Reverb, BusSettings)
    keys = {field.name for kind in kinds for field in dataclasses.fields(kind)}
    said = {name.rpartition(".")[2] for name in re.findall(r"`([a-z_.]+)`", TEXT)}
    assert keys - said == set()


def test_the_ranges_are_the_ranges() -> None:
    rows = re.findall(
        r"^\| `([a-z_]+)`( of a filter)?.*? \| ([-\d.]+) \| ([-\d.]+) \|$", TEXT, re.M
    )
    said = {
        ("eq_" if of_filter else "") + name: (float(a), float(b)) for name, of_filter, a, b in rows
    }
    assert said == RANGES
