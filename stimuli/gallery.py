"""A set of stimuli as a page to look at and listen to, before a study is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import jinja2
import numpy as np

from mixers.loudness import integrated_loudness, true_peak
from mixers.multitrack import Samples
from mixers.settings import Settings, TrackSettings, settings_from_json
from mixers.whole import whole
from stimuli.audio import read
from stimuli.manifest import Role, Stimulus, read_manifest

GALLERY_NAME = "gallery.html"
COLUMNS = 240
"""Of a waveform."""
HEIGHT = 48
"""Of a waveform, in the units of its view box; the highest peak of a passage fills it."""
ROLES: tuple[Role, ...] = ("open_reference", "reference", "system", "anchor")
"""In the order of the page."""


@dataclass(frozen=True)
class Strip:
    """What a console was set to for one track, in words."""

    track: str
    gain: str
    pan: str
    rest: str


@dataclass(frozen=True)
class Card:
    """One stimulus on the page.

    Attributes:
        stimulus: as the manifest has it.
        waveform: an SVG path in a box of `COLUMNS` by `HEIGHT`.
        loudness_lufs: measured.
        peak_dbtp: measured.
        strips: the settings, a line a track; none where there are no settings.
        bus: the settings that all tracks share, in words.
        flaw: why the file cannot be shown; empty where it can.
    """

    stimulus: Stimulus
    waveform: str = ""
    loudness_lufs: float = 0.0
    peak_dbtp: float = 0.0
    strips: tuple[Strip, ...] = ()
    bus: str = ""
    flaw: str = ""


def write_gallery(
    folder: Path,
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> Path:
    """Write `gallery.html` beside the manifest: players, waveforms, loudness and settings.

    The page needs no server and no network; it plays the files of the set where they lie.

    Returns:
        The page's path.

    Raises:
        ValueError, OSError: there is no manifest that can be read, or the folder cannot be written.
    """
    manifest = read_manifest(folder)
    passages: list[tuple[str, list[Card]]] = []
    done = 0
    for name, members in groupby(manifest.stimuli, key=lambda stimulus: stimulus.passage):
        on_progress("Measuring", done, len(manifest.stimuli))
        stimuli = sorted(members, key=lambda stimulus: ROLES.index(stimulus.role))
        passages.append((name, _cards(stimuli, folder)))
        done += len(stimuli)
    on_progress("Measuring", done, done)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("stimuli"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters.update(minutes=_minutes, db=_db)
    page = environment.get_template(GALLERY_NAME).render(
        manifest=manifest, passages=passages, columns=COLUMNS, height=HEIGHT
    )
    path = folder / GALLERY_NAME
    with whole(path) as partial:
        partial.write_text(page, encoding="utf-8")
    return path


def _cards(stimuli: Sequence[Stimulus], folder: Path) -> list[Card]:
    """The stimuli of one passage, their waveforms drawn at one scale."""
    sounds: dict[str, tuple[Samples, int] | str] = {}
    for stimulus in stimuli:
        try:
            sounds[stimulus.id] = read(folder / stimulus.path)
        except (ValueError, OSError) as error:
            sounds[stimulus.id] = str(error)
    peaks = [np.abs(sound[0]).max() for sound in sounds.values() if not isinstance(sound, str)]
    full = float(max(peaks, default=0.0)) or 1.0
    return [_card(stimulus, sounds[stimulus.id], full, folder) for stimulus in stimuli]


def _card(stimulus: Stimulus, sound: tuple[Samples, int] | str, full: float, folder: Path) -> Card:
    if isinstance(sound, str):
        return Card(stimulus, flaw=sound)
    samples, rate_hz = sound
    settings = _settings(stimulus, folder)
    return Card(
        stimulus,
        _waveform(samples / np.float32(full)),
        integrated_loudness(samples, rate_hz),
        true_peak(samples, rate_hz),
        tuple(map(_strip, settings.tracks)) if settings else (),
        _bus(settings) if settings else "",
    )


def _settings(stimulus: Stimulus, folder: Path) -> Settings | None:
    """The settings of a mix; none where it has none, or where they are gone or damaged."""
    if stimulus.settings is None:
        return None
    try:
        return settings_from_json((folder / stimulus.settings).read_text(encoding="utf-8"))
    except (ValueError, OSError):
        return None


def _waveform(samples: Samples) -> str:
    """The highest and lowest value of every column, as one closed path."""
    edges = np.linspace(0, samples.shape[1], COLUMNS, endpoint=False).astype(int)
    tops = np.maximum.reduceat(samples.max(axis=0), edges)
    bottoms = np.minimum.reduceat(samples.min(axis=0), edges)
    columns = [*range(len(edges)), *reversed(range(len(edges)))]
    heights = np.concatenate([tops, bottoms[::-1]])
    places = np.round(HEIGHT / 2 * (1 - heights), 1)
    points = (f"{column} {place:g}" for column, place in zip(columns, places, strict=True))
    return f"M{'L'.join(points)}Z"


def _strip(strip: TrackSettings) -> Strip:
    side = "L" if strip.pan < 0 else "R"
    pan = "centre" if round(strip.pan, 2) == 0 else f"{side} {abs(strip.pan):.0%}"
    return Strip(strip.track, _db(strip.gain_db), pan, ", ".join(_rest(strip)))


def _rest(strip: TrackSettings) -> Iterator[str]:
    if strip.polarity < 0:
        yield "polarity inverted"
    for band in strip.eq:
        gain = f" {_db(band.gain_db)}" if band.gain_db else ""
        yield f"{band.kind.replace('_', ' ')} {band.frequency_hz:.0f} Hz{gain}"
    if strip.compressor is not None:
        yield f"compressor {_db(strip.compressor.threshold_db)}, {strip.compressor.ratio:.1f}:1"
    if strip.reverb is not None:
        yield f"reverb {strip.reverb.decay_s:.1f} s at {_db(strip.reverb.wet_db)}"
    if strip.send_db is not None:
        yield f"to the reverb {_db(strip.send_db)}"


def _bus(settings: Settings) -> str:
    parts = [f"fader {_db(settings.bus.fader_db)}"]
    if settings.bus.reverb is not None:
        parts.append(f"reverb {settings.bus.reverb.decay_s:.1f} s")
    if settings.bus.ceiling_dbtp is not None:
        parts.append(f"limiter at {_db(settings.bus.ceiling_dbtp, 'dBTP')}")
    return ", ".join(parts)


def _minutes(seconds: float) -> str:
    """3:05.2 for 185.2 seconds."""
    whole, rest = divmod(round(seconds, 1), 60)
    return f"{whole:.0f}:{rest:04.1f}"


def _db(value: float, unit: str = "dB") -> str:
    """A level with its sign; 0 has none. The minus is a minus, not a hyphen."""
    text = f"{value:+.1f}".replace("-", "−") if round(value, 1) else "0.0"
    return f"{text} {unit}"
