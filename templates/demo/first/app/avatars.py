"""Pictures of users."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def avatar_url(row: Mapping[str, object]) -> str:
    """The picture that belongs to the address of a user."""
    address = str(row["email"]).strip().lower()
    return f"https://avatars.example/{hashlib.sha256(address.encode()).hexdigest()[:16]}"
