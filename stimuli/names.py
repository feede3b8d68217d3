"""Names that are safe in paths."""

from __future__ import annotations

import hashlib
import re


def slug(text: str) -> str:
    """A name that is safe as part of a path everywhere; different texts stay different."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[:60]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:6]}"
