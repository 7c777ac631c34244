"""The weekly export."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.models import Post


def row(post: Post) -> dict[str, object]:
    """One line of the export."""
    return {"title": post.title, "status": post.status}
