"""The options on how a dataset is read, shared by all commands that open one."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from stimuli.datasets.dataset import Dataset
    from stimuli.datasets.options import Target

OpenSongs = Callable[[Path], "Dataset"]


def reading(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options; it gets `open_songs`, which opens a folder accordingly."""

    @click.option(
        "--target",
        type=click.Choice(["wet", "dry"]),
        default="wet",
        show_default=True,
        help="Which mix of ENST-Drums is the target.",
    )
    @click.option(
        "--stems", is_flag=True, help="MedleyDB's stems are the tracks, not the raw ones."
    )
    @click.option(
        "--max-channels",
        type=click.IntRange(min=1),
        help="Only MedleyDB songs of at most so many raw tracks.",
    )
    @click.option("--without-bleed", is_flag=True, help="Only MedleyDB songs without bleed.")
    @wraps(command)
    def with_options(
        *args: Any,
        target: Target,
        stems: bool,
        max_channels: int | None,
        without_bleed: bool,
        **others: Any,
    ) -> Any:
        def open_songs(folder: Path) -> Dataset:
            from stimuli.datasets.dataset import open_dataset
            from stimuli.datasets.options import DatasetOptions

            options = DatasetOptions(target, stems, max_channels, without_bleed)
            return open_dataset(folder, options=options)

        return command(*args, open_songs=open_songs, **others)

    return with_options
