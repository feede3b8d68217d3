"""Errors as people and programs should meet them: a short page, or application/problem+json."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from listening.db import DatabaseUnusableError, SchemaError
from listening.language import DEFAULT, catalogue
from listening.speech import word

SPOKEN = frozenset({403, 404, 409, 413, 429, 500, 503})
"""What the catalogues have words of its own for: error_404_title and so on."""


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """An error of the API, after RFC 9457."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(json.dumps(body), status, content_type="application/problem+json")


def register(app: Flask) -> None:
    """Answer errors below /api/ as problems and all others as pages."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | tuple[str, int]:
        status = error.code or 500
        if request.path.startswith("/api/"):
            return problem(status, error.name, error.description or error.name)
        return _page(status)

    @app.errorhandler(SchemaError)
    @app.errorhandler(DatabaseUnusableError)
    def unusable(error: SchemaError | DatabaseUnusableError) -> Response | tuple[str, int]:
        app.logger.error("%s", error)
        return _failure(503)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response | tuple[str, int]:
        if app.testing or app.debug:
            raise error
        app.logger.exception("unexpected error")
        return _failure(500)


def _failure(status: int) -> Response | tuple[str, int]:
    """What the server cannot do; programs are told in English."""
    if request.path.startswith("/api/"):
        words = catalogue(DEFAULT)
        return problem(status, words[f"error_{status}_title"], words[f"error_{status}_text"])
    return _page(status)


def _page(status: int) -> tuple[str, int]:
    kind = status if status in SPOKEN else "other"
    title, text = word(f"error_{kind}_title"), word(f"error_{kind}_text")
    return render_template("error.html", title=title, text=text), status
