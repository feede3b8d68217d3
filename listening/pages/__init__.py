"""The page types. To add one: a module here with its `PAGE`, one template, one script.

A module may define `PAGE`, or `PAGES` for several that differ little; this table finds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import BeforeValidator, Field

from listening.pages.kinds import Entry, PageType


def _found() -> Iterator[PageType]:
    for module in iter_modules(__path__):
        there = import_module(f"{__name__}.{module.name}")
        yield from getattr(there, "PAGES", ())
        if hasattr(there, "PAGE"):
            yield there.PAGE


PAGE_TYPES: dict[str, PageType] = {page_type.name: page_type for page_type in _found()}
ENTRY_TYPES: tuple[str, ...] = tuple(PAGE_TYPES)
INTERFACES: tuple[str, ...] = tuple(name for name, kind in PAGE_TYPES.items() if kind.rates)
"""The page types that rate stimuli, one of which is the interface of a study."""


def _with_type(entry: object) -> object:
    return {"type": entry} if isinstance(entry, str) else entry


if TYPE_CHECKING:
    PageEntry = Entry
else:
    _entries = Annotated[
        Union[tuple(kind.entry for kind in PAGE_TYPES.values())],  # noqa: UP007
        Field(discriminator="type"),
    ]
    PageEntry = Annotated[
        _entries,
        BeforeValidator(_with_type, json_schema_input_type=Literal[ENTRY_TYPES] | _entries),
    ]
"""An entry of `pages` in a study file: a mapping with a type, or the type alone."""


def entry(name: str, **values: Any) -> Entry:
    """An entry of `pages` with its defaults."""
    return PAGE_TYPES[name].entry.model_validate(values)
