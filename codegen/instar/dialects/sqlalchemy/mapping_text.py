"""A mapping of values as a SQLAlchemy expression, in generated Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection


def case_by_bytes(images: str, value: str, otherwise: str, *, keys: Collection[object], backend: str) -> str:
    """`sa.case` over a mapping, which compares texts as Python does, whatever the collation of a column.

    Args:
        images: Source of the mapping.
        value: Source of the expression that is looked up.
        otherwise: Source of the image of every other value.
        keys: What it maps.
        backend: The database.
    """
    if keys and all(isinstance(key, str) for key in keys):
        if backend in {"mariadb", "mysql"}:
            images = f"{{key.encode(): image for key, image in {images}.items()}}"
            value = f"sa.cast({value}, sa.LargeBinary)"
        elif backend == "sqlite":
            value = f'sa.collate({value}, "BINARY")'
    return f"sa.case({images}, value={value}, else_={otherwise})"
