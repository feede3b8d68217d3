"""Songs as lines of a table for a terminal."""

from __future__ import annotations

from collections import Counter

from stimuli.datasets.index import Report
from stimuli.datasets.song import Song

HEAD = ("song", "tracks", "seconds", "rate", "target", "flaws", "roles")
_NUMBERS = frozenset({"tracks", "seconds", "rate"})


def row(song: Song, report: Report | None) -> tuple[str, ...]:
    """One song: what `HEAD` says."""
    roles = Counter(track.role for track in song.tracks)
    return (
        song.id,
        str(len(song.tracks)),
        f"{song.duration_s:.1f}",
        f"{song.sample_rate_hz} Hz",
        "none"
        if song.target is None
        else song.target.path.parent.name + "/" + song.target.path.name,
        "not checked" if report is None else str(len(report.flaws) or "none"),
        ", ".join(f"{count} {role}" if count > 1 else role for role, count in roles.items()),
    )


def aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Lines with every column as wide as its widest entry; numbers stand right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            entry.rjust(width) if title in _NUMBERS else entry.ljust(width)
            for entry, width, title in zip(line, widths, HEAD, strict=True)
        ).rstrip()
        for line in rows
    ]
