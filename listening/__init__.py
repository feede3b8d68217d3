"""The web room: studies, participants, ratings; this module is the application factory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the web application; `config` overrides what the environment says."""
    app = Flask(__name__)
    app.config.from_mapping(config or {})

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app
