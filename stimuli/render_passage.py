"""One passage -> its stimuli: every system's mix, equally loud, as sound files.

What an earlier run made is taken as it is: the level of a mix, so that it need not be mixed to know
the gain that all share, and its sound file, as long as gain and delivery are the same. One more
system therefore costs its own mix only, unless its peaks make the whole passage softer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from mixers.loudness import integrated_loudness
from mixers.mixer import system_label
from mixers.settings import settings_to_json
from mixers.whole import whole
from stimuli.anchors import ANCHORS
from stimuli.audio import read, write_sound
from stimuli.datasets.dataset import Dataset
from stimuli.datasets.song import Song
from stimuli.degraded import PREFIX, anchor_name
from stimuli.flac import content_hash, pad_to_one_length
from stimuli.loudness import Level, amplify, matching_gains_db, measure_level
from stimuli.manifest import Role, Stimulus
from stimuli.passages import Passage
from stimuli.plan import Plan
from stimuli.records import Records
from stimuli.seeds import seed_for
from stimuli.session import LEAD_IN_S, RATE_HZ, TARGET, Session

RECORDS = ".rendered"


@dataclass(frozen=True)
class Failure:
    """A song, a passage, or a passage's mix by one system, that could not be made, and why."""

    what: str
    reason: str


@dataclass(frozen=True)
class Rendered:
    """What became of one passage: its stimuli, what was left out on purpose, what failed."""

    stimuli: tuple[Stimulus, ...]
    notices: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class _File:
    """A sound file to be: its name, its role, and which sound is in it."""

    name: str
    role: Role
    source: str


def render_passage(
    dataset: Dataset, passage: Passage, plan: Plan, out: Path, late_frames: int
) -> Rendered:
    """Render one passage; what goes wrong is part of the result.

    A system that fails is left out of this passage alone. The human mix, `late_frames` late
    against the tracks, is moved onto them.
    """
    try:
        lead_in_s = min(LEAD_IN_S, passage.start_s)
        song = replace(dataset.open_song(passage.song), late_frames=late_frames)
        multitrack = song.load(passage.start_s - lead_in_s, passage.duration_s + lead_in_s)
        made = _render(Session(multitrack, lead_in_s, passage, plan), plan, out)
        return replace(made, notices=(*made.notices, *_moved(song)))
    except Exception as error:
        # A fault in one song must not cost the other songs; it is reported.
        return Rendered((), failures=(Failure(passage.name, reason(error)),))


def _moved(song: Song) -> list[str]:
    late = song.late_frames
    how = f"{abs(late)} frames ({abs(late) / song.sample_rate_hz * 1000:.1f} ms)"
    side = "late" if late > 0 else "early"
    said = f"{song.id}: the human mix is {how} {side} against its tracks; it was moved onto them"
    return [said] if late else []


def reason(error: Exception) -> str:
    """What to tell people of an error; its kind too, where it is not one that is foreseen."""
    known = isinstance(error, ValueError | OSError)
    return str(error) if known else f"{type(error).__name__}: {error}"


def _render(session: Session, plan: Plan, out: Path) -> Rendered:
    names, notices = _names(session, plan)
    records = Records(out / RECORDS)
    (out / session.passage.name).mkdir(parents=True, exist_ok=True)
    levels: dict[str, Level] = {}
    failures: list[Failure] = []
    for name in names:
        try:
            levels[name] = _level(session, name, records, out)
        except Exception as error:
            # A fault of one system must not cost the others.
            failures.append(Failure(f"{session.passage.name}: {name}", reason(error)))
    gains_db = matching_gains_db(levels, plan.target_lufs)
    files = list(_files(plan, sorted(levels)))
    measured = {file: _write(session, file, gains_db, plan, records, out) for file in files}
    if plan.suffix == ".flac":
        pad_to_one_length([out / _path(session.passage, file, plan) for file in files])
    stimuli = tuple(
        _stimulus(session, file, gains_db[file.source], measured[file], plan, out) for file in files
    )
    return Rendered(stimuli, notices, tuple(failures))


def _names(session: Session, plan: Plan) -> tuple[list[str], tuple[str, ...]]:
    """The sounds to make, and what is left out because the song has no human mix."""
    systems = [system_label(system) for system in plan.systems]
    if plan.reference and TARGET not in systems:
        systems.append(TARGET)
    degraded = [anchor_name(recipe) for recipe in plan.degraded]
    if session.has_target:
        return [*systems, *(ANCHORS if plan.anchors else ()), *degraded], ()
    kept = [name for name in systems if name != TARGET]
    if len(kept) == len(systems) and not plan.anchors:
        return [*kept, *degraded], ()
    extra = ", and with it reference and anchors" if plan.reference or plan.anchors else ""
    notice = f"{session.passage.song}: no human mix, so Target is skipped{extra}"
    return [*kept, *degraded], (notice,)


def _files(plan: Plan, names: list[str]) -> Iterator[_File]:
    for name in names:
        if name.startswith(PREFIX):
            yield _File(name, "anchor", name)
        elif name == TARGET and plan.reference:
            yield _File(name, "reference", name)
            yield _File("open_reference", "open_reference", name)
        else:
            yield _File(name, "system", name)


def _path(passage: Passage, file: _File, plan: Plan) -> str:
    return f"{passage.name}/{file.name}{plan.suffix}"


def _settings_path(passage: Passage, name: str) -> str:
    return f"{passage.name}/{name}.settings.json"


def _level(session: Session, name: str, records: Records, out: Path) -> Level:
    """How loud a mix is; it is mixed only if no earlier run knows. Its settings are written too."""
    about = ("level", session.content, name, session.weights(name))
    path = out / _settings_path(session.passage, name)
    known = records.get(*about)
    if known is not None and (path.is_file() or not known["settings"]):
        return Level(**known["level"])
    level = measure_level(session.sound(name), RATE_HZ, name)
    settings = session.settings(name)
    if settings is not None:
        with whole(path) as partial:
            partial.write_text(settings_to_json(settings), encoding="utf-8")
    else:
        path.unlink(missing_ok=True)
    records.put({"level": asdict(level), "settings": settings is not None}, *about)
    return level


def _write(
    session: Session,
    file: _File,
    gains_db: dict[str, float],
    plan: Plan,
    records: Records,
    out: Path,
) -> float:
    """Write a sound file, unless it is there already; returns its measured loudness in LUFS."""
    path = _path(session.passage, file, plan)
    gain_db = gains_db[file.source]
    made = (session.content, file.source, session.weights(file.source))
    about = ("file", *made, gain_db, path, plan.delivery)
    known = records.get(*about)
    if known is not None and (out / path).is_file():
        try:
            intact = content_hash(out / path) == known["content"]
        except (ValueError, IndexError):
            intact = False
        if intact:
            return float(known["loudness_lufs"])
    dither = seed_for(plan.seed, path, "dither")
    sound = amplify(session.sound(file.source), gain_db)
    write_sound(out / path, sound, RATE_HZ, dither, plan.bits)
    loudness_lufs = integrated_loudness(*read(out / path))
    records.put({"content": content_hash(out / path), "loudness_lufs": loudness_lufs}, *about)
    return loudness_lufs


def _stimulus(
    session: Session, file: _File, gain_db: float, loudness_lufs: float, plan: Plan, out: Path
) -> Stimulus:
    path = _path(session.passage, file, plan)
    settings = _settings_path(session.passage, file.source)
    return Stimulus(
        id=f"{session.passage.name}.{file.name}",
        song=session.passage.song,
        passage=session.passage.name,
        system=file.source,
        role=file.role,
        path=path,
        sha256=hashlib.sha256((out / path).read_bytes()).hexdigest(),
        sample_rate_hz=RATE_HZ,
        start_s=session.passage.start_s,
        duration_s=session.frames / RATE_HZ,
        loudness_lufs=round(loudness_lufs, 3),
        gain_db=round(gain_db, 3),
        settings=settings if (out / settings).is_file() else None,
    )
