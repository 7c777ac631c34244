"""The declarative bases of a project: several bases are several schemas, and only one of them is meant."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from instar.cli.output import counted
from instar.cli.setup.base_names import BaseNames

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.mapping import MappedClass, Models
    from instar.sources import Source

_ABOVE_BASES = {"DeclarativeBase", "DeclarativeBaseNoMeta"}
_BASES = {"SQLModel", "Model"}


class Base(msgspec.Struct, frozen=True):
    """A declarative base: its qualified name, and the files and tables of the models below it."""

    qualified: str
    files: tuple[str, ...]
    tables: tuple[str, ...]

    @property
    def title(self) -> str:
        """How a list names it."""
        return f"{self.qualified} ({counted(len(self.tables), 'table')})"


def find_bases(source: Source, models: Models) -> tuple[Base, ...]:
    """The bases that models with a table of their own stand on, the one with the most tables first."""
    names = BaseNames(source, models)
    found: dict[str, list[MappedClass]] = {}
    for mapped in models.classes:
        if mapped.table is not None and not mapped.abstract:
            root = _root(mapped, models, names, set())
            if root is not None:
                found.setdefault(root, []).append(mapped)
    bases = [
        Base(
            qualified=name,
            files=tuple(sorted({mapped.path for mapped in below})),
            tables=tuple(sorted({mapped.table for mapped in below if mapped.table is not None})),
        )
        for name, below in found.items()
    ]
    return tuple(sorted(bases, key=lambda base: (-len(base.tables), base.qualified)))


def _root(mapped: MappedClass, models: Models, names: BaseNames, seen: set[str]) -> str | None:
    """The base of the project, or of a library, that a model stands on; None where none is known."""
    if mapped.qualified in seen:
        return None
    seen.add(mapped.qualified)
    for base in mapped.bases:
        above = models.get(base)
        last = base.rpartition(".")[2]
        if above is not None:
            found = _root(above, models, names, seen)
        elif last in _ABOVE_BASES:
            found = mapped.qualified
        elif last in _BASES:
            found = base
        else:
            found = names.of(mapped)
        if found is not None:
            return found
    return None


def paths_of(base: Base, others: tuple[Base, ...]) -> tuple[str, ...]:
    """What `schema` says for one base: its folder where no other base has models in it, else its files."""
    folder = os.path.commonpath([os.path.dirname(path) for path in base.files])
    inside = f"{folder}/" if folder else ""
    shared = not folder or any(
        path.startswith(inside) for other in others if other != base for path in other.files
    )
    return base.files if shared or len(base.files) == 1 else (folder,)
