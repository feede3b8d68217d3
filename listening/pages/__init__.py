"""The page types. To add one: a module here with its `PAGE`, one template, one script.

A module may define `PAGE`, or `PAGES` for several that differ little; this table finds them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Field, model_validator

from listening.pages.kinds import Entry, PageType


def _found() -> Iterator[PageType]:
    for module in iter_modules(__path__):
        there = import_module(f"{__name__}.{module.name}")
        yield from getattr(there, "PAGES", ())
        if hasattr(there, "PAGE"):
            yield there.PAGE


PAGE_TYPES: dict[str, PageType] = {page_type.name: page_type for page_type in _found()}
ENTRY_TYPES: tuple[str, ...] = (*PAGE_TYPES, "group")
INTERFACES: tuple[str, ...] = tuple(name for name, kind in PAGE_TYPES.items() if kind.rates)
"""The page types that rate stimuli, one of which is the interface of a study."""


def _with_type(entry: object) -> object:
    return {"type": entry} if isinstance(entry, str) else entry


class Group(Entry):
    """Entries that stay together; each of them is met whole before the next one begins.

    Attributes:
        order: of the entries, each as a whole.
        pages: the entries; they may be groups, too.
    """

    type: Literal["group"] = "group"
    order: Literal["random", "fixed"] = "random"
    pages: Annotated[list[PageEntry], Field(min_length=1)]

    @model_validator(mode="after")
    def _without_position(self) -> Group:
        if self.position is not None:
            raise ValueError("a group has no position; give one to its entries")
        return self


if TYPE_CHECKING:
    PageEntry = Entry
else:
    _entries = Annotated[
        Union[(*(kind.entry for kind in PAGE_TYPES.values()), Group)],
        Field(discriminator="type"),
    ]
    PageEntry = Annotated[
        _entries,
        BeforeValidator(_with_type, json_schema_input_type=Literal[ENTRY_TYPES] | _entries),
    ]
"""An entry of `pages` in a study file: a mapping with a type, or the type alone."""

Group.model_rebuild()


def entry(name: str, **values: Any) -> Entry:
    """An entry of `pages` with its defaults."""
    return PAGE_TYPES[name].entry.model_validate(values)


def leaves(
    entries: Sequence[Entry],
    place: tuple[str | int, ...] = ("pages",),
    for_group: str | None = None,
) -> Iterator[tuple[tuple[str | int, ...], Entry]]:
    """Every entry that is no group, in the order of the file, with its place there.

    Their numbers in this order are the blocks of their pages. What a group of entries is for
    (`for_group`), each entry in it is for that says nothing else.
    """
    for at, item in enumerate(entries):
        whose = item.for_group or for_group
        if isinstance(item, Group):
            yield from leaves(item.pages, (*place, at, "pages"), whose)
        else:
            mine = item if item.for_group == whose else item.model_copy(update={"for_group": whose})
            yield (*place, at), mine
