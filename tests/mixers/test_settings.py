"""Settings survive their JSON form, and refuse what no console can be set to."""

from __future__ import annotations

import json

import pytest

from mixers.settings import (
    BusSettings,
    Compressor,
    EqBand,
    Reverb,
    Settings,
    TrackSettings,
    settings_from_json,
    settings_to_json,
)

FULL = Settings(
    tracks=(
        TrackSettings(
            track="kick",
            gain_db=-3.0,
            polarity=-1,
            eq=(EqBand("high_pass", 30.0), EqBand("peak", 400.0, -3.0, 1.4)),
            compressor=Compressor(threshold_db=-20.0, ratio=4.0, sidechain="vox"),
            reverb=Reverb(decay_s=0.4),
            pan=-0.25,
            send_db=-12.0,
        ),
        TrackSettings(track="vox"),
    ),
    bus=BusSettings(reverb=Reverb(), fader_db=-1.0, ceiling_dbtp=-1.0),
    pan_law="compromise",
)


def test_json_gives_back_the_same_settings() -> None:
    assert settings_from_json(settings_to_json(FULL)) == FULL


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"blindmix_settings": 99}, "format version 99"),
        ({"pan_law": "-3"}, "pan_law is '-3'"),
        ({"tracks": [{"track": "kick", "pan": 2.0}]}, r"track 'kick': pan is 2\.0"),
        ({"tracks": [{"track": "kick", "panning": 0}]}, "unexpected keyword argument 'panning'"),
        ({"tracks": [{"track": "a"}, {"track": "a"}]}, "two strips for track a"),
        (
            {"tracks": [{"track": "kick", "compressor": {"ratio": 99}}]},
            r"track 'kick': compressor: ratio is 99, must be within 1\.\.20",
        ),
        (
            {"tracks": [{"track": "kick", "eq": [{"kind": "peak", "frequency_hz": 5}]}]},
            "track 'kick': eq peak: frequency_hz is 5",
        ),
        ({"bus": {"reverb": {"decay_s": 60.0}}}, r"bus: reverb: decay_s is 60\.0"),
        ({"bus": {"reverb": {"size": 1}}}, "bus: reverb: got an unexpected keyword .*'size'"),
        ({"tracks": {"kick": {}}}, "tracks is .* must be a list"),
        ({"tracks": ["kick"]}, "a track is 'kick', must be an object"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(change: dict[str, object], message: str) -> None:
    data = {**json.loads(settings_to_json(FULL)), **change}
    with pytest.raises(ValueError, match=message):
        settings_from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3", '{"tracks": []}'])
def test_what_is_no_settings_file_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="settings"):
        settings_from_json(text)


def test_nan_is_out_of_every_range() -> None:
    with pytest.raises(ValueError, match="gain_db is nan"):
        TrackSettings(track="kick", gain_db=float("nan"))


def test_a_sidechain_must_name_a_track() -> None:
    with pytest.raises(ValueError, match="sidechain 'bass' is no track"):
        Settings(tracks=(TrackSettings("kick", compressor=Compressor(sidechain="bass")),))
