"""Choices that a dataset leaves to who reads it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

Target = Literal["wet", "dry"]


@dataclass(frozen=True)
class DatasetOptions:
    """How a dataset is read. Each layout names those of the choices it knows in `OPTIONS`.

    Attributes:
        target: which of ENST-Drums' two mixes is the target.
        stems: MedleyDB's stems are the tracks, not the raw tracks.
        max_channels: only the MedleyDB songs that have at most so many raw tracks, which is what
            the papers call channels.
        without_bleed: only the MedleyDB songs whose metadata say that tracks hold no other's sound.
    """

    target: Target = "wet"
    stems: bool = False
    max_channels: int | None = None
    without_bleed: bool = False

    def __post_init__(self) -> None:
        if self.target not in get_args(Target):
            raise ValueError(f"target {self.target!r} must be wet or dry")
        if self.max_channels is not None and self.max_channels < 1:
            raise ValueError(f"max_channels is {self.max_channels}, must be 1 or more")

    def chosen(self) -> tuple[str, ...]:
        """The names of the choices that are not as they come."""
        plain = DatasetOptions()
        return tuple(
            field.name
            for field in fields(self)
            if getattr(self, field.name) != getattr(plain, field.name)
        )
