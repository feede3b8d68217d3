"""What every operation of the API does: know the caller, check what came, answer as JSON.

An operation is declared once; its route and its part of the description follow from that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, Literal

from flask import Blueprint, Response, abort, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from listening.audit import by_token
from listening.db import database
from listening.documented import describe
from listening.errors import problem
from listening.rest.tokens import find_token

PREFIX = "/api/v1"
MOST_ITEMS = 1000

Role = Literal["viewer", "owner"]


class Query(BaseModel):
    """The part of an address after `?`; what is not known there is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=describe)


class Paging(Query):
    """Which part of a list is wanted.

    Attributes:
        limit: how many items at most.
        after: where to go on; `next` of the part before says it.
    """

    limit: Annotated[int, Field(ge=1, le=MOST_ITEMS)] = 100
    after: Annotated[int, Field(ge=0, lt=2**31)] = 0


class OfPeople(Query):
    """Whose data are wanted.

    Attributes:
        simulated: those of simulated participants in the place of real ones; never both.
    """

    simulated: bool = False


class PagingOfPeople(Paging, OfPeople):
    """Whose data are wanted, and which part."""


@dataclass(frozen=True)
class Call:
    """A request that was understood.

    Attributes:
        who: made it, as the log names them; empty where anybody may.
        query: of the operation's `query`.
        body: of the operation's `body`; None where it has none.
    """

    who: str
    query: Any
    body: Any


@dataclass(frozen=True)
class Operation:
    """One thing that the API does.

    Attributes:
        path: below `PREFIX`, as Flask writes it.
        role: what a token must have, None where none is needed.
        answer: a resource, the content types of a file, or None for nothing.
    """

    name: str
    method: Literal["GET", "PATCH", "DELETE"]
    path: str
    summary: str
    role: Role | None
    query: type[Query]
    body: type[BaseModel] | None
    answer: type[BaseModel] | tuple[str, ...] | None


Answer = BaseModel | Response | None

blueprint = Blueprint("rest", __name__, url_prefix=PREFIX)
OPERATIONS: list[Operation] = []


def operation(
    method: Literal["GET", "PATCH", "DELETE"],
    path: str,
    answer: type[BaseModel] | tuple[str, ...] | None,
    *,
    role: Role | None = "viewer",
    query: type[Query] = Query,
    body: type[BaseModel] | None = None,
) -> Callable[[Callable[..., Answer]], Callable[..., Response]]:
    """Make a function an operation; its docstring is the summary.

    The function is given the `Call` and the parts of the path, and returns a resource, a
    response, or None for 204.
    """

    def declare(do: Callable[..., Answer]) -> Callable[..., Response]:
        summary = (do.__doc__ or "").partition("\n")[0]
        declared = Operation(do.__name__, method, path, summary, role, query, body, answer)

        @wraps(do)
        def respond(**place: str) -> Response:
            who = _caller(role) if role else ""
            try:
                call = Call(who, query.model_validate(request.args.to_dict()), _body(body))
            except ValidationError as error:
                return problem(400, "Not understood", _in_words(error))
            return _response(do(call, **place))

        OPERATIONS.append(declared)
        blueprint.add_url_rule(path, do.__name__, respond, methods=[method])
        return respond

    return declare


def _caller(role: Role) -> str:
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    with database().read() as session:
        token = find_token(session, secret.strip()) if kind.lower() == "bearer" else None
    if token is None:
        answer = problem(401, "Who are you?", "Send a valid token: Authorization: Bearer TOKEN")
        answer.headers["WWW-Authenticate"] = "Bearer"
        abort(answer)
    if role == "owner" and token.role != "owner":
        abort(problem(403, "Not allowed", "This needs the token of an owner."))
    return by_token(token.name)


def _body(kind: type[BaseModel] | None) -> BaseModel | None:
    return kind.model_validate_json(request.get_data()) if kind else None


def _response(answer: Answer) -> Response:
    if isinstance(answer, BaseModel):
        return Response(answer.model_dump_json(), content_type="application/json")
    return Response(status=204) if answer is None else answer


def _in_words(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)[:5]
    )
