"""Errors as people and programs should meet them: a short page, or application/problem+json."""

from __future__ import annotations

import json
from typing import Any

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from listening.db import DatabaseUnusableError, SchemaError

PLAIN = {
    403: ("Not allowed", "You may not see this page."),
    404: ("Not found", "There is nothing at this address. Please check the link you were given."),
    409: ("Not possible now", "This was changed elsewhere. Please reload the page."),
    413: ("Too much", "That was more than this server takes at once."),
    429: ("Too many tries", "Please wait a minute, then try again."),
}


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
        title, text = PLAIN.get(status, (error.name, error.description or ""))
        return render_template("error.html", title=title, text=text, status=status), status

    @app.errorhandler(SchemaError)
    def schema_error(error: SchemaError) -> Response | tuple[str, int]:
        app.logger.error("%s", error)
        detail = "The people who run it must upgrade its database first."
        if request.path.startswith("/api/"):
            return problem(503, "Not ready", detail)
        return render_template("error.html", title="Not ready", text=detail, status=503), 503

    @app.errorhandler(DatabaseUnusableError)
    def unusable(error: DatabaseUnusableError) -> Response | tuple[str, int]:
        app.logger.error("%s", error)
        detail = "The database does not answer now. Nothing that was saved is lost; try again."
        if request.path.startswith("/api/"):
            return problem(503, "Not ready", detail)
        return render_template("error.html", title="Not ready", text=detail, status=503), 503

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response | tuple[str, int]:
        if app.testing or app.debug:
            raise error
        app.logger.exception("unexpected error")
        text = "Something went wrong here, not with you. Nothing that was saved is lost; try again."
        if request.path.startswith("/api/"):
            return problem(500, "Internal error", text)
        return render_template("error.html", title="Sorry", text=text, status=500), 500
