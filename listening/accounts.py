"""Researchers and their passwords, kept as argon2id hashes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from listening.audit import is_taken
from listening.models import Researcher

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 1000


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _hash_of_nobody() -> str:
    return _hasher().hash("nobody has this password")


def add_researcher(session: Session, name: str, password: str, role: str = "owner") -> Researcher:
    """Add a researcher.

    Raises:
        ValueError: the name is taken or none, or the password is too short or too long.
    """
    if is_taken(name):
        raise ValueError(f"{name!r} stands for others in the log; use another name")
    if not name.strip() or len(name) > 80 or not name.isprintable():
        raise ValueError(f"{name[:100]!r} is no name; use 1 to 80 characters that can be read")
    if session.scalar(select(Researcher.id).where(Researcher.name == name)) is not None:
        raise ValueError(f"there is a researcher {name!r} already; see flask researcher list")
    added = Researcher(name=name, role=role, password_hash="")
    set_password(added, password)
    session.add(added)
    session.flush()
    return added


def set_password(researcher: Researcher, password: str) -> None:
    """Give a researcher a password.

    Raises:
        ValueError: it is too short or too long.
    """
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise ValueError(
            f"the password has {len(password)} characters; "
            f"use {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH}"
        )
    researcher.password_hash = _hasher().hash(password)


def check_password(session: Session, name: str, password: str) -> Researcher | None:
    """The researcher of that name if the password is right; takes as long where there is none."""
    found = session.scalar(select(Researcher).where(Researcher.name == name))
    hashed = found.password_hash if found else _hash_of_nobody()
    try:
        _hasher().verify(hashed, password[:MAX_PASSWORD_LENGTH])
    except VerificationError:
        return None
    return found


def find_researcher(session: Session, name: str) -> Researcher:
    """The researcher of that name.

    Raises:
        ValueError: there is none.
    """
    found = session.scalar(select(Researcher).where(Researcher.name == name))
    if found is None:
        raise ValueError(f"there is no researcher {name!r}; see flask researcher list")
    return found


def all_researchers(session: Session) -> Sequence[Researcher]:
    """Everyone who may log in, by name."""
    return session.scalars(select(Researcher).order_by(Researcher.name)).all()
