"""Styles and scripts under addresses that change with them, so that browsers need not ask again.

Scripts import each other by relative address: one of a version never meets one of another.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from flask import Flask, Response, send_from_directory, url_for

KEPT_S = 365 * 24 * 3600
ENDPOINT = "asset"


def register(app: Flask) -> None:
    """Serve `/assets/<version>/…` and give templates `asset(filename)`."""
    folder = Path(app.static_folder or "")
    now = version_of(folder)

    @app.get("/assets/<version>/<path:filename>", endpoint=ENDPOINT)
    def serve(version: str, filename: str) -> Response:
        # A page of an older version gets what there is, but keeps none of it.
        return send_from_directory(folder, filename, max_age=KEPT_S if version == now else 0)

    @app.context_processor
    def addresses() -> dict[str, object]:
        def asset(filename: str) -> str:
            return url_for(ENDPOINT, version=now, filename=filename)

        return {"asset": asset}


def version_of(folder: Path) -> str:
    """A short hash of every file in a folder and its name."""
    digest = sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]
