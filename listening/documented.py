"""JSON Schemas that say what their keys mean, in the words of the docstrings."""

from __future__ import annotations

import inspect
import re
from typing import Any

from pydantic import BaseModel

_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n {6,}.+)*)", re.MULTILINE)


def describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Put what stands under `Attributes:` in docstrings into the JSON Schema of a model.

    For `ConfigDict(json_schema_extra=describe)`. Classes that a model is made from count, too.
    """
    texts: dict[str, str] = {}
    for part in reversed(model.__mro__):
        texts |= _attributes(part)
    schema["description"] = _about(model)
    for name, said in schema.get("properties", {}).items():
        if name in texts:
            said["description"] = texts[name]


def _about(model: type) -> str:
    return _plain(inspect.cleandoc(model.__doc__ or "").partition("\nAttributes:")[0])


def _attributes(model: type) -> dict[str, str]:
    _, _, section = inspect.cleandoc(model.__doc__ or "").partition("\nAttributes:\n")
    return {name: _sentence(_plain(text)) for name, text in _ATTRIBUTE.findall(section)}


def _plain(text: str) -> str:
    return " ".join(text.split())


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
