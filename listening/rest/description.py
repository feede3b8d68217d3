"""The description of the API, after OpenAPI 3.1, made from what the operations declare."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from listening.formats import FORMATS
from listening.rest.operations import PREFIX, Operation
from listening.rest.resources import Problem

ABOUT = """Studies, participants, ratings and exports of Blindmix, for researchers' programs.

Make a token with `flask api-token create NAME` and send it with every request as
`Authorization: Bearer TOKEN`. Lists come in parts: follow `next` until it is null. Every error is
`application/problem+json`."""

PLACES: dict[str, dict[str, Any]] = {
    "slug": {"description": "The slug of the study.", "schema": {"type": "string"}},
    "label": {
        "description": "The participant's pseudonym.",
        "schema": {"type": "string", "examples": ["P001"]},
    },
    "kind": {
        "description": "The format of the file.",
        "schema": {"type": "string", "enum": list(FORMATS)},
    },
}
"""The parts of a path that vary."""

ERRORS = {
    400: "What came was not understood.",
    401: "There is no token, or it is not valid.",
    403: "The token is not an owner's.",
    404: "There is no such study, participant or format.",
}


def description(operations: Sequence[Operation]) -> dict[str, Any]:
    """Describe operations, with the schemas of all that comes and goes."""
    models = {
        model
        for operation in operations
        for model in (operation.answer, operation.body, Problem)
        if isinstance(model, type)
    }
    _, schemas = models_json_schema(
        [(model, "validation") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for operation in operations:
        path = re.sub(r"<(\w+)>", r"{\1}", operation.path)
        paths[PREFIX + path][operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Blindmix", "version": "1", "description": ABOUT},
        "servers": [{"url": "/"}],
        "paths": dict(paths),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_places(operation), *_query(operation)],
        "responses": _responses(operation),
    }
    if operation.body:
        described["requestBody"] = {"required": True, "content": _json(operation.body)}
    if operation.role is None:
        described["security"] = []
    else:
        who = "an owner" if operation.role == "owner" else "a viewer or an owner"
        described["description"] = f"Needs the token of {who}."
    return described


def _places(operation: Operation) -> list[dict[str, Any]]:
    names = re.findall(r"<(\w+)>", operation.path)
    return [{"name": name, "in": "path", "required": True, **PLACES[name]} for name in names]


def _query(operation: Operation) -> list[dict[str, Any]]:
    properties = operation.query.model_json_schema().get("properties", {})
    return [
        {"name": name, "in": "query", "required": False,
         "description": schema.pop("description"), "schema": schema}
        for name, schema in properties.items()
    ]  # fmt: skip


def _responses(operation: Operation) -> dict[str, Any]:
    errors = [400]
    if operation.role:
        errors.append(401)
    if operation.role == "owner":
        errors.append(403)
    if "<" in operation.path:
        errors.append(404)
    return _success(operation) | {str(status): _error(status) for status in errors}


def _success(operation: Operation) -> dict[str, Any]:
    answer = operation.answer
    if answer is None:
        return {"204": {"description": "Done."}}
    if isinstance(answer, tuple):
        return {"200": {"description": "The file.", "content": {kind: {} for kind in answer}}}
    return {"200": {"description": answer.__doc__ or "", "content": _json(answer)}}


def _error(status: int) -> dict[str, Any]:
    content = {"application/problem+json": {"schema": _reference(Problem)}}
    return {"description": ERRORS[status], "content": content}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": _reference(model)}}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}
