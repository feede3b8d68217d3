"""A set of stimuli as a page to look at and listen to, before a study is made of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import jinja2
import numpy as np

from mixers.loudness import integrated_loudness, true_peak
from mixers.multitrack import Samples
from mixers.settings import Settings, TrackSettings, settings_from_json
from stimuli.audio import read
from stimuli.manifest import Stimulus, read_manifest

GALLERY_NAME = "gallery.html"
COLUMNS = 240
"""Of a waveform."""
HEIGHT = 48
"""Of a waveform, in the units of its view box; full scale fills it."""


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
    cards: list[Card] = []
    for done, stimulus in enumerate(manifest.stimuli):
        on_progress("Measuring", done, len(manifest.stimuli))
        cards.append(_card(stimulus, folder))
    on_progress("Measuring", len(cards), len(cards))
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("stimuli"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["minutes"] = _minutes
    passages = [
        (name, list(members))
        for name, members in groupby(cards, key=lambda card: card.stimulus.passage)
    ]
    page = environment.get_template(GALLERY_NAME).render(
        manifest=manifest, passages=passages, columns=COLUMNS, height=HEIGHT
    )
    path = folder / GALLERY_NAME
    partial = path.with_suffix(".html.part")
    partial.write_text(page, encoding="utf-8")
    partial.replace(path)
    return path


def _card(stimulus: Stimulus, folder: Path) -> Card:
    try:
        samples, rate_hz = read(folder / stimulus.path)
        settings = None
        if stimulus.settings is not None:
            text = (folder / stimulus.settings).read_text(encoding="utf-8")
            settings = settings_from_json(text)
    except (ValueError, OSError) as error:
        return Card(stimulus, flaw=str(error))
    return Card(
        stimulus,
        _waveform(samples),
        integrated_loudness(samples, rate_hz),
        true_peak(samples, rate_hz),
        tuple(map(_strip, settings.tracks)) if settings else (),
        _bus(settings) if settings else "",
    )


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
    return Strip(strip.track, f"{strip.gain_db:+.1f} dB", pan, ", ".join(_rest(strip)))


def _rest(strip: TrackSettings) -> Iterator[str]:
    if strip.polarity < 0:
        yield "polarity inverted"
    for band in strip.eq:
        gain = f" {band.gain_db:+.1f} dB" if band.gain_db else ""
        yield f"{band.kind.replace('_', ' ')} {band.frequency_hz:.0f} Hz{gain}"
    if strip.compressor is not None:
        yield f"compressor {strip.compressor.threshold_db:.0f} dB, {strip.compressor.ratio:g}:1"
    if strip.reverb is not None:
        yield f"reverb {strip.reverb.decay_s:.1f} s at {strip.reverb.wet_db:+.0f} dB"
    if strip.send_db is not None:
        yield f"to the reverb {strip.send_db:+.0f} dB"


def _bus(settings: Settings) -> str:
    parts = [f"fader {settings.bus.fader_db:+.1f} dB"]
    if settings.bus.reverb is not None:
        parts.append(f"reverb {settings.bus.reverb.decay_s:.1f} s")
    if settings.bus.ceiling_dbtp is not None:
        parts.append(f"limiter at {settings.bus.ceiling_dbtp:g} dBTP")
    return ", ".join(parts)


def _minutes(seconds: float) -> str:
    """3:05.2 for 185.2 seconds."""
    whole, rest = divmod(round(seconds, 1), 60)
    return f"{whole:.0f}:{rest:04.1f}"
