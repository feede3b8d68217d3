"""Secrets by which programs show who they are; only their hashes are kept."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from listening.models import ApiToken

PREFIX = "blindmix_"
"""Tells people, and scanners of published code, what the secret is for."""

SECRET_BYTES = 32


def create_token(session: Session, name: str, role: str) -> str:
    """Make a token and return its secret, which cannot be shown again.

    Raises:
        ValueError: the name is taken or is none.
    """
    if not name.strip() or len(name) > 60:
        raise ValueError(f"{name!r} is no name; use 1 to 60 characters")
    if session.scalar(select(ApiToken.id).where(ApiToken.name == name)) is not None:
        raise ValueError(f"there is a token {name!r} already; see flask api-token list")
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    session.add(ApiToken(name=name, role=role, secret_sha256=_hashed(secret)))
    session.flush()
    return secret


def find_token(session: Session, secret: str) -> ApiToken | None:
    """The token with that secret; None where there is none, or it was revoked."""
    return session.scalar(select(ApiToken).where(ApiToken.secret_sha256 == _hashed(secret)))


def revoke_token(session: Session, name: str) -> None:
    """Make a token worthless.

    Raises:
        ValueError: there is none of that name.
    """
    found = session.scalar(select(ApiToken).where(ApiToken.name == name))
    if found is None:
        raise ValueError(f"there is no token {name!r}; see flask api-token list")
    session.delete(found)


def all_tokens(session: Session) -> Sequence[ApiToken]:
    """Every token, by name."""
    return session.scalars(select(ApiToken).order_by(ApiToken.name)).all()


def _hashed(secret: str) -> str:
    # The secret is random and long, so nobody can try them all: a fast hash is enough.
    return sha256(secret.encode()).hexdigest()
