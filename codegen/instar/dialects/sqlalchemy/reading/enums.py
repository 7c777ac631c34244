"""Python enums of the project: their members, as far as a column type needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.values import Applied, EnumMember, Missing, Symbol, Unknown, Value
from instar.dialects.sqlalchemy.reading.vocabulary import ENUMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.dialects.sqlalchemy.reading.classes import ClassValue


class Enums:
    """The members of enum classes, found once each."""

    def __init__(self) -> None:
        self._members: dict[int, dict[str, Value] | None] = {}

    def members(self, owner: ClassValue) -> dict[str, Value] | None:
        """Name to member in declared order, aliases left out; None where the class is no enum."""
        if id(owner) not in self._members:
            self._members[id(owner)] = None  # an enum that asks for itself while it is read
            if self.is_enum(owner):
                self._members[id(owner)] = self._read(owner)
        return self._members[id(owner)]

    def is_enum(self, owner: ClassValue) -> bool:
        """Whether the class inherits from an enum of Python or of a library like it."""
        return any(
            isinstance(base, Symbol)
            and (base.name in ENUMS or base.path.startswith("enum."))
            and "alchemy" not in base.root
            for base in owner.foreign
        )

    def _read(self, owner: ClassValue) -> dict[str, Value]:
        textual = any(
            isinstance(base, Symbol) and base.name in {"StrEnum", "LowercaseStrEnum", "AutoEnum"}
            for base in owner.foreign
        )
        members: dict[str, Value] = {}
        seen: list[Value] = []
        for name, found in self._bound(owner):
            value = found
            if (
                isinstance(value, Applied)
                and isinstance(value.callee, Symbol)
                and value.callee.name == "auto"
            ):
                value = name.lower() if textual else len(members) + 1
            if not isinstance(value, Unknown | Applied) and any(value == other for other in seen):
                continue
            seen.append(value)
            members[name] = EnumMember(owner, name, value)
        return members

    def _bound(self, owner: ClassValue) -> Iterator[tuple[str, Value]]:
        for name in owner.body.names:
            statement = owner.body.definition(name)
            if name.startswith("_") or not isinstance(statement, s.Bind) or statement.value is None:
                continue
            value = owner.body.get(name)
            if not isinstance(value, Missing):
                yield name, value
