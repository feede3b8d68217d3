"""Configuration: the environment, the instance folder and the secrets in it."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL

SECRET_NAME = "secret_key"
DATABASE_NAME = "blindmix.sqlite"
STIMULI_NAME = "stimuli"
MAX_REQUEST_BYTES = 2**20


def settings(config: Mapping[str, Any] | None, environment: Mapping[str, str]) -> dict[str, Any]:
    """What the application runs with: `config` before `BLINDMIX_…` before the defaults.

    Keys: INSTANCE_PATH (folder of database, stimuli and secrets), DATABASE_URL, TRUSTED_PROXIES
    (how many proxies in front set X-Forwarded-…) and any of Flask's own.
    """
    given = dict(config or {})
    instance = Path(
        given.get("INSTANCE_PATH") or environment.get("BLINDMIX_INSTANCE_PATH") or "instance"
    ).resolve()
    url = given.get("DATABASE_URL") or environment.get("BLINDMIX_DATABASE_URL")
    proxies = environment.get("BLINDMIX_TRUSTED_PROXIES", "0")
    if not proxies.isdecimal():
        raise ValueError(f"BLINDMIX_TRUSTED_PROXIES is {proxies!r}; give a number of proxies")
    return {
        "MAX_CONTENT_LENGTH": MAX_REQUEST_BYTES,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_NAME": "blindmix",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "TRUSTED_PROXIES": int(proxies),
        **given,
        "INSTANCE_PATH": str(instance),
        "STIMULI_PATH": str(instance / STIMULI_NAME),
        "DATABASE_URL": url
        # A path may hold letters that mean something else in a written URL.
        or URL.create("sqlite", database=str(instance / DATABASE_NAME)),
    }


def secret_key(instance: Path) -> str:
    """The key that signs sessions: generated on the first start, readable by its owner only."""
    instance.mkdir(parents=True, exist_ok=True)
    path = instance / SECRET_NAME
    partial = instance / f"{SECRET_NAME}.{secrets.token_hex(8)}.part"
    if not path.exists():
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            # Of two first starts at once, one wins and both use its key.
            path.hardlink_to(partial)
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 32:
        raise ValueError(f"{path} holds no usable key; remove it and start again")
    return key
