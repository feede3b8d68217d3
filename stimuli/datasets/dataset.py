"""What a dataset is, and the table of layouts that Blindmix reads.

A layout is a module with three functions, and the names of the choices it knows:

    recognises(root)                  whether the files under root lie in this layout
    song_ids(root, options)           the songs, in a fixed order, without opening a sound file
    open_song(root, id, options)      one song; only headers are read
    OPTIONS                           which of `DatasetOptions` mean something here
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from stimuli.datasets.options import DatasetOptions
from stimuli.datasets.song import Song

LAYOUTS: dict[str, str] = {
    "enst-drums": "stimuli.datasets.enst",
    "medleydb": "stimuli.datasets.medleydb",
    "musdb18": "stimuli.datasets.musdb",
    "stems": "stimuli.datasets.stems",
    "cambridge-mt": "stimuli.datasets.cambridge",
    "folder": "stimuli.datasets.folder",
}
"""Name -> module, tried from the first to the last; plain folders take what is left."""


class Layout(Protocol):
    """How the files of a dataset lie on disk."""

    OPTIONS: frozenset[str]

    def recognises(self, root: Path) -> bool:
        """Whether the files under `root` lie in this layout."""
        ...

    def song_ids(self, root: Path, options: DatasetOptions) -> list[str]:
        """The ids of all songs; unique, in a fixed order."""
        ...

    def open_song(self, root: Path, song_id: str, options: DatasetOptions) -> Song:
        """Open one song; only headers are read. ValueError where that fails."""
        ...


@dataclass(frozen=True)
class Dataset:
    """Songs on disk. Small and picklable, so that workers get it instead of sound.

    Attributes:
        root: the folder.
        layout: a name from `LAYOUTS`.
        options: how it is read.
    """

    root: Path
    layout: str
    options: DatasetOptions = field(default_factory=DatasetOptions)

    def song_ids(self) -> list[str]:
        """The ids of all songs; at least one, unique, in a fixed order.

        Raises:
            ValueError: there are none.
        """
        ids = _module(self.layout).song_ids(self.root, self.options)
        if not ids:
            chosen = ", ".join(self.options.chosen())
            raise ValueError(f"{self.root} holds no songs{f' with this {chosen}' * bool(chosen)}")
        return ids

    def open_song(self, song_id: str) -> Song:
        """Open one song; only headers are read.

        Raises:
            ValueError: there is no such song, or its files cannot be read; the message names the
                file.
        """
        return _module(self.layout).open_song(self.root, song_id, self.options)

    def songs(self) -> Iterator[Song]:
        """Open every song in turn; raises as `open_song`."""
        for song_id in self.song_ids():
            yield self.open_song(song_id)


def open_dataset(
    root: Path, layout: str | None = None, options: DatasetOptions | None = None
) -> Dataset:
    """Find out how the files under a folder lie, and open them as a dataset.

    Args:
        root: the folder of the dataset, or of a single song.
        layout: a name from `LAYOUTS`; None finds it out.
        options: how it is read.

    Raises:
        FileNotFoundError: `root` is no folder.
        ValueError: no layout of that name, or a choice that this layout does not know.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root}")
    if layout is None:
        layout = next(name for name in LAYOUTS if _module(name).recognises(root))
    elif layout not in LAYOUTS:
        raise ValueError(f"there is no layout {layout!r}; there are: {', '.join(LAYOUTS)}")
    options = options or DatasetOptions()
    unknown = set(options.chosen()) - _module(layout).OPTIONS
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ValueError(f"{root} is read as {layout}, which knows no choice of {names}")
    return Dataset(root, layout, options)


def _module(layout: str) -> Layout:
    return cast(Layout, import_module(LAYOUTS[layout]))
