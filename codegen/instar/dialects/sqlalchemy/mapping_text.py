"""A mapping of values as a SQLAlchemy expression, in generated Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.python_text import literal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def entries(images: Mapping[object, object]) -> str:
    """A mapping of constants as the source of a dict."""
    return "{" + ", ".join(f"{literal(key)}: {literal(image)}" for key, image in images.items()) + "}"


def case_of(images: Mapping[object, object], value: str, otherwise: str, backend: str) -> str:
    """`sa.case` over a mapping that is written where it is used; see `case_by_bytes`."""
    known = entries(images)
    if backend in {"mariadb", "mysql"} and images and all(isinstance(key, str) for key in images):
        known = entries({str(key).encode(): image for key, image in images.items()})
        return f"sa.case({known}, value=sa.cast({value}, sa.LargeBinary), else_={otherwise})"
    return case_by_bytes(known, value, otherwise, keys=images, backend=backend)


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
