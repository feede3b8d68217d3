"""Make demo songs on disk, each whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import yaml

from mixers.console import render
from mixers.settings import settings_to_json
from stimuli.audio import write_wav
from stimuli.datasets.demo.engineer import set_console, set_fader
from stimuli.datasets.demo.form import Form, key_name, plan
from stimuli.datasets.demo.recording import record_song
from stimuli.datasets.demo.sampler import SAMPLE_RATE_HZ
from stimuli.datasets.demo.styles import STYLES, Style
from stimuli.datasets.folder import open_folder

VERSION = 1
"""Counted up when the same seed gives another song than before."""

FAMILIES = ("drums", "band")
LICENCE = "CC0 1.0 for the song; its sounds come from the SoundFont TimGM6mb (GNU GPL 2)"
ROLES = {"tom_1": "tom", "tom_2": "tom", "tom_3": "tom"}
ROLES |= {"overhead_L": "overhead", "overhead_R": "overhead"}
"""Where the role is not the track's name."""

MOODS = ("Amber", "Broken", "Distant", "Electric", "Gentle", "Hidden", "Northern", "Paper")
THINGS = ("Avenue", "Bridges", "Harbour", "Letters", "Machines", "Rain", "Satellites", "Windows")


@dataclass(frozen=True)
class Recipe:
    """All that decides how a demo song sounds.

    Attributes:
        family: "drums" or "band".
        seed: of the whole songbook.
        index: of the song in it, from 0.
        seconds: its length.
        version: of this code.
    """

    family: str
    seed: int
    index: int
    seconds: float
    version: int = VERSION

    @property
    def song(self) -> str:
        """The song's id and folder."""
        return f"demo-{self.index + 1:03d}-{self.family}"


def recipes(count: int, seconds: float, seed: int, family: str) -> list[Recipe]:
    """The recipes of a songbook; a longer one begins with the same songs.

    Args:
        count: how many songs, 1..999.
        seconds: length of each, 5..600.
        seed: at least 0.
        family: "drums", "band", or "both" for every other one.

    Raises:
        ValueError: a value is out of range.
    """
    if not 1 <= count <= 999:
        raise ValueError(f"{count} songs: must be 1..999")
    if not 5 <= seconds <= 600:
        raise ValueError(f"songs of {seconds:g} s: must be 5..600 s")
    if seed < 0:
        raise ValueError(f"seed {seed}: must not be negative")
    families = FAMILIES if family == "both" else (family,)
    return [Recipe(families[i % len(families)], seed, i, seconds) for i in range(count)]


def make_songs(wanted: list[Recipe], folder: Path, jobs: int = -1) -> Iterator[tuple[str, bool]]:
    """Make every song that is not there yet, in parallel.

    Args:
        wanted: the recipes.
        folder: where songs go; made if need be.
        jobs: processes; -1 takes a processor each.

    Yields:
        A song's id and whether it was made now, as each is done.

    Raises:
        ValueError: a song of another recipe is in the way.
    """
    # Imported here so that the commands start fast.
    from joblib import Parallel, delayed

    folder.mkdir(parents=True, exist_ok=True)
    done = [recipe for recipe in wanted if _is_made(recipe, folder)]
    yield from ((recipe.song, False) for recipe in done)
    missing = [recipe for recipe in wanted if recipe not in done]
    work = (delayed(make_song)(recipe, folder) for recipe in missing)
    for song in Parallel(n_jobs=jobs, return_as="generator_unordered")(work):
        yield song, True


def make_song(recipe: Recipe, folder: Path) -> str:
    """Compose, record and mix one song, and put it into its folder as a whole.

    The target is rendered from the tracks as they are stored, with the settings as they are
    stored: `flask mix --settings` gives it back.
    """
    partial = folder / f".{recipe.song}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    composer, players, engineer = np.random.default_rng(
        [recipe.version, recipe.seed, recipe.index]
    ).spawn(3)
    form = plan(_style(recipe), recipe.seconds, composer)
    frames = round(recipe.seconds * SAMPLE_RATE_HZ)
    tracks = record_song(form, recipe.family, frames, players)
    for name, samples in tracks.items():
        write_wav(partial / f"{name}.wav", samples, SAMPLE_RATE_HZ)
    _write_sheet(partial / "song.yaml", recipe, form, tuple(tracks), composer)
    _mix(partial, engineer)
    partial.rename(folder / recipe.song)
    return recipe.song


def _mix(folder: Path, rng: np.random.Generator) -> None:
    multitrack = open_folder(folder).load()
    rate_hz = multitrack.sample_rate_hz
    settings = set_console(multitrack, rng)
    mix = render(multitrack, settings).samples
    settings = set_fader(settings, mix, rate_hz)
    (folder / "settings.json").write_text(settings_to_json(settings), encoding="utf-8")
    # Only the fader has moved, and nothing follows it: no need to render again.
    write_wav(folder / "mix.wav", mix * np.float32(10 ** (settings.bus.fader_db / 20)), rate_hz)


def _style(recipe: Recipe) -> Style:
    """Styles in a seeded order, so that 16 songs of both families have each style in each."""
    rng = np.random.default_rng([recipe.seed, FAMILIES.index(recipe.family)])
    place = recipe.index // len(FAMILIES) % len(STYLES)
    return STYLES[int(rng.permutation(len(STYLES))[place])]


def _write_sheet(
    path: Path, recipe: Recipe, form: Form, tracks: tuple[str, ...], rng: np.random.Generator
) -> None:
    sheet = {
        "title": f"{rng.choice(MOODS)} {rng.choice(THINGS)}",
        "licence": LICENCE,
        "family": recipe.family,
        "style": form.style.name,
        "tempo_bpm": form.tempo_bpm,
        "key": key_name(form),
        "roles": {name: ROLES.get(name, name) for name in tracks},
        "recipe": asdict(recipe),
    }
    path.write_text(yaml.safe_dump(sheet, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _is_made(recipe: Recipe, folder: Path) -> bool:
    path = folder / recipe.song / "song.yaml"
    if not path.parent.exists():
        return False
    sheet = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    if isinstance(sheet, dict) and sheet.get("recipe") == asdict(recipe):
        return True
    raise ValueError(
        f"{path.parent} is a song of another seed, length or version; choose another folder"
    )
