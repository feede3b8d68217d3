"""Names that are safe in paths, and words after numbers."""

from __future__ import annotations

import hashlib
import re


def counted(count: int, word: str) -> str:
    """As "1 song", "12 songs"."""
    return f"{count} {word}{'s' * (count != 1)}"


def slug(text: str) -> str:
    """A name that is safe as part of a path everywhere; different texts stay different."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:60]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
