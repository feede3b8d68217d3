"""What no request may hold, and what every answer tells the browser to refuse."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Flask, Response, abort, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import MultiDict

from listening import assets

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self' blob:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    # The address of a run is its secret: no other site may learn it.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class TlsAwareSessions(SecureCookieSessionInterface):
    """Sessions whose cookie is for TLS only wherever the request came by TLS."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def register(app: Flask) -> None:
    """Refuse NUL, and put the headers on every answer; only static files may be kept by caches."""
    app.session_interface = TlsAwareSessions()

    @app.before_request
    def refuse_nul() -> None:
        # PostgreSQL keeps no text with a NUL in it, and nobody's name, key or address has one.
        # The API reads its bodies itself, whatever they are called: once read here, they are gone.
        is_form = request.mimetype in FORMS and not request.path.startswith("/api/")
        form = request.form if is_form else MultiDict()
        if "\0" in request.path or any("\0" in part for part in _flat(request.args, form)):
            abort(400)

    @app.after_request
    def set_headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path.startswith("/desk/"):
            # The check against forged requests needs the page that a form came from.
            response.headers["Referrer-Policy"] = "same-origin"
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint not in ("static", assets.ENDPOINT):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _flat(*given: MultiDict[str, str]) -> Iterator[str]:
    """All names and values."""
    for values in given:
        for name, value in values.items(multi=True):
            yield from (name, value)
