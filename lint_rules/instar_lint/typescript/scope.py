"""The names that an expression can see, and those that a module imports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instar.dialects.convex.modules import Imported

if TYPE_CHECKING:
    from instar.dialects.convex.modules import Module
    from instar_lint.typescript.kinds import Held


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a function and of those around it."""

    names: dict[str, Held] = field(default_factory=dict)
    parent: Scope | None = None
    name: str = ""

    def find(self, name: str) -> tuple[bool, Held]:
        """Whether a name is bound here or around, and what it holds."""
        at: Scope | None = self
        while at is not None:
            if name in at.names:
                return True, at.names[name]
            at = at.parent
        return False, None

    def set(self, name: str, held: Held) -> None:
        """Give a variable another value, where it is bound."""
        at: Scope | None = self
        while at is not None:
            if name in at.names:
                at.names[name] = held
                return
            at = at.parent
        self.names[name] = held


def imported_from(module: Module, name: str) -> Imported | None:
    """The import that binds a name, if one does."""
    found = module.names.get(name)
    return found if isinstance(found, Imported) else None
