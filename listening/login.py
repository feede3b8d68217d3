"""Sessions of researchers: who is logged in, for how long, and how often one may try."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from flask import Flask, abort, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user, login_required, login_user
from flask_wtf import CSRFProtect

from listening.db import database
from listening.models import Researcher, now

SESSION_LENGTH = timedelta(hours=12)
LOGIN_LIMITS = "10 per minute;60 per hour"

csrf = CSRFProtect()
limiter = Limiter(get_remote_address, storage_uri="memory://")
_manager = LoginManager()


class DeskUser(UserMixin):  # type: ignore[misc]
    """A logged-in researcher, as Flask-Login wants it."""

    def __init__(self, researcher: Researcher) -> None:
        self.researcher_id = researcher.id
        self.name = researcher.name
        self.role = researcher.role
        # Another password ends every session that began with the old one.
        self._mark = sha256(researcher.password_hash.encode()).hexdigest()[:16]

    def get_id(self) -> str:
        return f"{self.researcher_id}:{self._mark}"


def register(app: Flask) -> None:
    """Set up sessions, CSRF tokens and the limit on tries."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", int(SESSION_LENGTH.total_seconds()))
    csrf.init_app(app)
    limiter.init_app(app)
    _manager.login_view = "researcher.login"
    _manager.login_message = None
    _manager.session_protection = None
    _manager.user_loader(_load)
    _manager.init_app(app)


def log_in(researcher: Researcher) -> None:
    """Begin a session."""
    session["desk_since"] = now().isoformat()
    login_user(DeskUser(researcher))


def owner_required(view: Callable[..., Any]) -> Callable[..., Any]:
    """Let owners in; viewers get a 403."""

    @wraps(view)
    @login_required  # type: ignore[untyped-decorator]
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current_user.role != "owner":
            abort(403)
        return view(*args, **kwargs)

    return guarded


def _load(user_id: str) -> DeskUser | None:
    number, _, _ = user_id.partition(":")
    since = session.get("desk_since")
    if not number.isdecimal() or since is None:
        return None
    if now() - datetime.fromisoformat(since) > SESSION_LENGTH:
        return None
    with database().read() as db:
        found = db.get(Researcher, int(number))
        user = DeskUser(found) if found else None
    return user if user and user.get_id() == user_id else None
