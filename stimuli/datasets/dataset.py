"""What a dataset is, and the table of layouts that Blindmix reads.

A layout is a module with three functions:

    recognises(root)        whether the files under root lie in this layout
    song_ids(root)          the songs, in a fixed order, without opening a file
    open_song(root, id)     one song; only headers are read
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from stimuli.datasets.song import Song

LAYOUTS: dict[str, str] = {
    "enst-drums": "stimuli.datasets.enst",
    "medleydb": "stimuli.datasets.medleydb",
    "stems": "stimuli.datasets.stems",
    "folder": "stimuli.datasets.folder",
}
"""Name -> module, tried from the first to the last; plain folders take what is left."""


class Layout(Protocol):
    """How the files of a dataset lie on disk."""

    def recognises(self, root: Path) -> bool:
        """Whether the files under `root` lie in this layout."""
        ...

    def song_ids(self, root: Path) -> list[str]:
        """The ids of all songs; unique, in a fixed order."""
        ...

    def open_song(self, root: Path, song_id: str) -> Song:
        """Open one song; only headers are read. ValueError where that fails."""
        ...


@dataclass(frozen=True)
class Dataset:
    """Songs on disk. Small and picklable, so that workers get it instead of sound.

    Attributes:
        root: the folder.
        layout: a name from `LAYOUTS`.
    """

    root: Path
    layout: str

    def song_ids(self) -> list[str]:
        """The ids of all songs; at least one, unique, in a fixed order.

        Raises:
            ValueError: there are none.
        """
        ids = _module(self.layout).song_ids(self.root)
        if not ids:
            raise ValueError(f"{self.root} holds no songs")
        return ids

    def open_song(self, song_id: str) -> Song:
        """Open one song; only headers are read.

        Raises:
            ValueError: there is no such song, or its files cannot be read; the message names the
                file.
        """
        return _module(self.layout).open_song(self.root, song_id)

    def songs(self) -> Iterator[Song]:
        """Open every song in turn; raises as `open_song`."""
        for song_id in self.song_ids():
            yield self.open_song(song_id)


def open_dataset(root: Path, layout: str | None = None) -> Dataset:
    """Find out how the files under a folder lie, and open them as a dataset.

    Args:
        root: the folder of the dataset, or of a single song.
        layout: a name from `LAYOUTS`; None finds it out.

    Raises:
        FileNotFoundError: `root` is no folder.
        ValueError: no layout of that name.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}")
    if layout is None:
        layout = next(name for name in LAYOUTS if _module(name).recognises(root))
    elif layout not in LAYOUTS:
        raise ValueError(f"there is no layout {layout!r}; there are: {', '.join(LAYOUTS)}")
    return Dataset(root, layout)


def _module(layout: str) -> Layout:
    return cast(Layout, import_module(LAYOUTS[layout]))
