"""Where generated accessors live in a project, and how its modules are imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.errors import InstarError

if TYPE_CHECKING:
    from instar.config import Config
    from instar.dialects.sqlalchemy.mapping import MappedClass, Models


def class_of(models: Models, key: tuple[str | None, str]) -> MappedClass:
    """The class that maps a table, given by namespace and name.

    Raises:
        InstarError: There is none.
    """
    found = models.of_table(key[1], key[0])
    if not found:
        raise InstarError(
            f'no class maps the table "{key[1]}", so its fields in transition can have no accessor. '
            "Plan with --sync trigger and without --code-first."
        )
    return found[0]


class Home:
    """Where accessors live, and how modules of this project are imported."""

    def __init__(self, mapped: MappedClass, config: Config) -> None:
        depth = mapped.module.count(".") + 1
        parts = mapped.path.removesuffix("/__init__.py").removesuffix(".py").split("/")
        self._root = "/".join(parts[:-depth])
        beside = mapped.path.rpartition("/")[0]
        self.folder = (config.accessors or f"{beside}/accessors").strip("/")

    def dotted(self, path: str) -> str:
        """The dotted name by which the project imports a file."""
        inside = path.removeprefix(f"{self._root}/") if self._root else path
        return inside.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
