"""The expert's rules: what they decide, that each decision has a reason, and odd songs."""

from __future__ import annotations

import numpy as np
import pytest

from mixers.expert import KNOWN_ROLES, LEAD_LUFS, plan, stereo_pairs
from mixers.features import TrackFeatures
from mixers.multitrack import Multitrack, Track
from mixers.rules import RULES, SOUNDS_LIKE, Level
from mixers.settings import TrackSettings

RATE_HZ = 44_100
FRAMES = RATE_HZ * 3


def sounds(
    role: str, name: str = "", seed: int = 0, low_hz: float = 0, level: float = 0.1
) -> Track:
    rng = np.random.default_rng([seed, len(name)])
    samples = rng.normal(0, level, (1, FRAMES))
    if low_hz:
        spectrum = np.fft.rfft(samples)
        spectrum[:, round(low_hz * FRAMES / RATE_HZ) :] = 0
        samples = np.fft.irfft(spectrum, FRAMES)
    return Track(name or role, role, samples.astype(np.float32))


def strips(*tracks: Track) -> dict[str, TrackSettings]:
    decided = plan(Multitrack("song", RATE_HZ, tracks))
    assert [strip.track for strip in decided.settings.tracks] == [track.name for track in tracks]
    return {strip.track: strip for strip in decided.settings.tracks}


def test_every_rule_has_a_reason_and_names_features_that_exist() -> None:
    conditions = [when for rule in RULES for when in rule.when]
    conditions += [when for _, row, _ in SOUNDS_LIKE for when in row]
    assert {when.feature for when in conditions} <= set(TrackFeatures.__dataclass_fields__)
    assert all(rule.reason for rule in RULES)
    assert {role for role, _, _ in SOUNDS_LIKE} <= KNOWN_ROLES


def test_levels_follow_the_table_whatever_the_recording_level() -> None:
    found = strips(sounds("vocals", level=0.001), sounds("bass", level=0.3))
    difference_db = found["vocals"].gain_db - found["bass"].gain_db
    assert difference_db == pytest.approx(20 * np.log10(0.3 / 0.001) + 3.5, abs=0.2)


def test_every_setting_has_its_decision() -> None:
    multitrack = Multitrack("song", RATE_HZ, (sounds("snare"), sounds("vocals", seed=1)))
    decisions = plan(multitrack).decisions
    said = [decision.setting for decision in decisions if decision.track == "snare"]
    assert any(text.startswith("gain") for text in said)
    assert "high-pass at 80 Hz" in said
    assert any(text.startswith("pan") for text in said)
    assert decisions[-1].track == "bus"


def test_low_and_leading_sources_stay_in_the_centre_and_guitars_do_not() -> None:
    found = strips(
        sounds("kick"),
        sounds("bass", seed=1),
        sounds("vocals", seed=2),
        sounds("guitar", "gt1", 3),
        sounds("guitar", "gt2", 4),
    )
    assert [found[name].pan for name in ("kick", "bass", "vocals")] == [0, 0, 0]
    assert found["gt1"].pan == -found["gt2"].pan != 0


def test_a_stereo_pair_is_one_source() -> None:
    found = strips(
        sounds("overhead", "overhead_L", 1, level=0.1),
        sounds("overhead", "overhead_R", 2, level=0.05),
        sounds("kick"),
    )
    left, right = found["overhead_L"], found["overhead_R"]
    assert (left.pan, right.pan) == (-0.8, 0.8)
    assert (left.gain_db, left.eq, left.send_db) == (right.gain_db, right.eq, right.send_db)


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (["overhead_L", "overhead_R"], [("overhead_L", "overhead_R")]),
        (["OH R", "OH L", "kick"], [("OH L", "OH R")]),
        (["piano left", "piano right"], [("piano left", "piano right")]),
        (["ohL", "ohR"], [("ohL", "ohR")]),
        (["vocal", "guitar"], []),
        (["snare_L"], []),
        (["bell", "beer"], []),
    ],
)
def test_pairs_are_found_by_their_names(names: list[str], pairs: list[tuple[str, str]]) -> None:
    assert stereo_pairs(names) == pairs


def test_an_unknown_role_falls_back_on_what_is_heard() -> None:
    multitrack = Multitrack("song", RATE_HZ, (sounds("theremin", low_hz=120), sounds("vocals")))
    treated = [d for d in plan(multitrack).decisions if d.setting.startswith("treated as")]
    assert [(d.track, d.setting) for d in treated] == [("theremin", "treated as bass")]
    assert "theremin is no known role" in treated[0].reason


def test_a_silent_track_is_left_as_it_is() -> None:
    silent = Track("vox", "vocals", np.zeros((1, FRAMES), dtype=np.float32))
    assert strips(silent, sounds("kick"))["vox"] == TrackSettings("vox")


def test_sources_that_share_a_role_share_its_level() -> None:
    voice, second = sounds("backing_vocals", "a"), sounds("backing_vocals", "b", 1)
    one, two = strips(voice, sounds("kick")), strips(voice, second, sounds("kick"))
    assert one["a"].gain_db - two["a"].gain_db == pytest.approx(3.01, abs=0.01)


@pytest.mark.parametrize("count", [1, 64])
def test_any_number_of_tracks_is_mixed(count: int) -> None:
    tracks = [sounds("guitar", f"gt{i}", i) for i in range(count)]
    pans = [strip.pan for strip in strips(*tracks).values()]
    assert len(pans) == count
    assert max(pans) <= 0.6


def test_identical_tracks_get_the_same_strip_but_for_the_pan() -> None:
    a = sounds("guitar", "a")
    found = strips(a, Track("b", "guitar", -a.samples))
    assert (found["a"].gain_db, found["a"].eq) == (found["b"].gain_db, found["b"].eq)


def test_the_lead_reaches_its_loudness() -> None:
    lead = sounds("lead")
    multitrack = Multitrack("song", RATE_HZ, (lead,))
    from mixers.loudness import integrated_loudness

    strip = plan(multitrack).settings.tracks[0]
    reached = integrated_loudness(lead.samples, RATE_HZ) + strip.gain_db
    (lead_level,) = (
        r.action.lu for r in RULES if r.roles[:1] == ("vocals",) and isinstance(r.action, Level)
    )
    assert reached == pytest.approx(LEAD_LUFS + lead_level, abs=0.01)
