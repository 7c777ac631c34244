"""How a class declares its columns, so that a new one looks like its neighbours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from instar.dialects.sqlalchemy.editing.sqlmodel_fields import is_sqlmodel
from instar.dialects.sqlalchemy.python_text import string
from instar.schema import types

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar.dialects.sqlalchemy.editing.imports import Import
    from instar.schema.model import Field

PLAIN: Mapping[type, str] = {
    types.StringType: "str",
    types.IntType: "int",
    types.FloatType: "float",
    types.BoolType: "bool",
    types.BytesType: "bytes",
}
IMPORTED: Mapping[type, tuple[str, str]] = {
    types.DecimalType: ("decimal", "Decimal"),
    types.DateType: ("datetime", "date"),
    types.DateTimeType: ("datetime", "datetime"),
    types.UuidType: ("uuid", "UUID"),
}
_UNDERSTOOD = (
    types.StringType(),
    types.IntType(),
    types.FloatType(),
    types.BoolType(),
    types.BytesType(),
    types.DateType(),
    types.DateTimeType(),
    types.DecimalType(),
    types.UuidType(),
)
_SPELLING = re.compile(r"sa\.(?P<name>\w+)(?P<rest>.*)", re.DOTALL)


class Style:
    """The style of one class, and the imports that new declarations in it need.

    Attributes:
        annotated: Whether columns are `name: Mapped[type] = mapped_column(...)`.
        sqlmodel: Whether they are `name: type = Field(...)`, as SQLModel has them.
        callee: What makes a column: `mapped_column`, `Column`, `db.Column`, `sa.Column`, `Field`.
        needed: Imports that what was written needs.
    """

    def __init__(self, owner: cst.ClassDef, bound: Mapping[str, Import]) -> None:
        self._bound = bound
        self.needed: set[Import] = set()
        callees = [name for name in map(_column_call, owner.body.body) if name]
        self.annotated = any(map(_is_mapped, owner.body.body)) or (
            not callees and ("Mapped" in bound or "mapped_column" in bound)
        )
        self.sqlmodel = is_sqlmodel(owner) and not callees and not self.annotated
        own = [name for name in callees if name.endswith("mapped_column") == self.annotated]
        fallback = "mapped_column" if self.annotated else self._fallback()
        if self.sqlmodel:
            fallback = _field_call(bound)
        self.callee = own[0] if own else fallback
        if not own:
            home = "sqlmodel" if self.sqlmodel else "sqlalchemy.orm" if self.annotated else "sqlalchemy"
            self.need(home, self.callee)

    def _fallback(self) -> str:
        for name in ("db", "sa"):
            if name in self._bound:
                return f"{name}.Column"
        return "Column"

    def need(self, module: str, name: str) -> None:
        """Note that a bare name has to be imported, unless it is, or is reached through a module."""
        if "." not in name and name not in self._bound:
            self.needed.add((module, name))

    @property
    def prefix(self) -> str:
        """How SQLAlchemy's names are reached: `sa.`, `db.`, or nothing."""
        head = self.callee.rpartition(".")[0]
        if head and not self.sqlmodel:
            return f"{head}."
        return "sa." if self._bound.get("sa") == ("sqlalchemy", None) else ""

    def name(self, name: str) -> str:
        """One of SQLAlchemy's names as this class reaches it."""
        if name in self._bound:
            return name
        if not self.prefix:
            self.need("sqlalchemy", name)
        return f"{self.prefix}{name}"

    def understood(self, field: Field) -> bool:
        """Whether the annotation says the whole type."""
        return field.type in _UNDERSTOOD

    def type_of(self, field: Field) -> str | None:
        """The type as an argument, or None where the annotation says it all."""
        if self.annotated and self.understood(field):
            return None
        match = _SPELLING.fullmatch(field.spelling)
        if match is None:
            module, _, rest = field.spelling.partition(".")
            if rest:
                self.needed.add(("sqlalchemy.dialects", module))
            return field.spelling or None
        arguments = re.sub(r"^\((?:length|precision)=", "(", match["rest"])
        return f"{self.name(match['name'])}{arguments if arguments != '()' else ''}"

    def python_type(self, field: Field) -> str:
        """The type in an annotation."""
        kind = type(field.type)
        if kind in PLAIN:
            return PLAIN[kind]
        if kind in IMPORTED:
            module, name = IMPORTED[kind]
            for alias, meant in self._bound.items():
                if meant == (module, None):
                    return f"{alias}.{name}"
            self.need(module, name)
            return name
        if kind is types.JsonType:
            self.need("typing", "Any")
            return "dict[str, Any]"
        if kind is types.EnumType:
            return "str"
        self.need("typing", "Any")
        return "Any"

    def server_default(self, sql: str) -> str:
        """A server default as an argument: a text literal as itself, other SQL as `text(...)`."""
        literal = re.fullmatch(r"'((?:[^']|'')*)'", sql)
        return string(literal[1].replace("''", "'")) if literal else f"{self.name('text')}({string(sql)})"


def _field_call(bound: Mapping[str, Import]) -> str:
    """How the module reaches SQLModel's `Field`."""
    for alias, meant in bound.items():
        if meant == ("sqlmodel", None):
            return f"{alias}.Field"
    return next((alias for alias, meant in bound.items() if meant == ("sqlmodel", "Field")), "Field")


def _column_call(node: cst.CSTNode) -> str | None:
    """What a statement calls to make a column."""
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(
        node.body[0], (cst.Assign, cst.AnnAssign)
    ):
        return None
    value = node.body[0].value
    if not isinstance(value, cst.Call):
        return None
    name = cst.Module([]).code_for_node(value.func)
    return name if name.rpartition(".")[2] in {"Column", "mapped_column"} else None


def _is_mapped(node: cst.CSTNode) -> bool:
    """Whether a statement is annotated with `Mapped[...]`."""
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.AnnAssign):
        return False
    text = cst.Module([]).code_for_node(node.body[0].annotation.annotation).strip("\"'")
    return text.partition("[")[0].rpartition(".")[2] == "Mapped"
