"""The web room: studies, participants, ratings; this module is the application factory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from listening import assets, errors, login, logs, security, speech, texts
from listening import config as configuration
from listening.db import Database
from listening.rest import routes
from listening.views import api, media, participant, preview, records, researcher, results


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the web application; `config` overrides what the environment says."""
    settings = configuration.settings(config, os.environ)
    instance = Path(settings["INSTANCE_PATH"])
    app = Flask(__name__, instance_path=str(instance))
    app.config.from_mapping(settings)
    if not app.config.get("SECRET_KEY"):
        app.config["SECRET_KEY"] = configuration.secret_key(instance)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions["blindmix_database"] = Database(app.config["DATABASE_URL"])
    app.jinja_env.filters["markdown"] = texts.markdown
    logs.register(app)
    errors.register(app)
    security.register(app)
    assets.register(app)
    login.register(app)
    speech.register(app)
    for room in (participant, media, api, researcher, preview, records, results, routes):
        app.register_blueprint(room.blueprint)
    # What these change is guarded by the secret in the address, and they need no cookie.
    login.csrf.exempt(participant.blueprint)
    login.csrf.exempt(api.blueprint)
    # Programs send a token with each request.
    login.csrf.exempt(routes.blueprint)
    # Here nothing is changed: whatever a preview does is rolled back.
    login.csrf.exempt(preview.blueprint)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app
