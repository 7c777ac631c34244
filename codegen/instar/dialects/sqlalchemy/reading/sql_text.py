"""Values that stand for SQL expressions, to SQL text: server defaults, checks, index expressions and predicates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import column_types
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.values import (
    Applied,
    EnumMember,
    Generic,
    Member,
    SqlOperation,
    Symbol,
    Value,
)
from instar.dialects.sqlalchemy.reading.vocabulary import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar.dialects.sqlalchemy.reading.project import Project

_SIGNS = {
    "==": "=",
    "!=": "!=",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
    "+": "+",
    "-": "-",
    "*": "*",
    "/": "/",
    "%": "%",
}
_ORDERS = {
    "desc": "DESC", "asc": "ASC", "nullslast": "NULLS LAST", "nulls_last": "NULLS LAST", "nullsfirst": "NULLS FIRST",
    "nulls_first": "NULLS FIRST",
}  # fmt: skip
_TESTS = {
    "is_": "IS", "isnot": "IS NOT", "is_not": "IS NOT", "like": "LIKE", "ilike": "ILIKE", "notlike": "NOT LIKE",
    "not_like": "NOT LIKE", "is_distinct_from": "IS DISTINCT FROM", "op": "",
}  # fmt: skip


_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_TYPE_NAMES = {
    "String": "VARCHAR", "Unicode": "VARCHAR", "UnicodeText": "TEXT", "BigInteger": "BIGINT", "SmallInteger": "SMALLINT",
    "DateTime": "DATETIME", "LargeBinary": "BLOB",
}  # fmt: skip
_PAIRS = {
    "==": "!=", "<": ">=", ">": "<=", "is_": "is_not", "isnot": "is_", "in_": "not_in", "notin_": "in_", "like": "not_like",
}  # fmt: skip
_OPPOSITES = {other: one for one, other in _PAIRS.items()} | _PAIRS


class SqlText:
    """Renders expressions of one table.

    Args:
        project: The project.
        column: Gives the stored name of a column object (by identity) or of an attribute of a class; None where
            it is neither.
    """

    def __init__(self, project: Project, column: Callable[[Value], str | None]) -> None:
        self._project = project
        self._column = column

    def render(self, value: Value, depth: int = 0) -> str | None:
        """The SQL of a value; None where it cannot be said."""
        if depth > 30:
            return None
        name = self._column(value)
        if name is not None:
            return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
        match value:
            case None | bool() | int() | float() | str():
                return literal(value)
            case EnumMember(name=member):
                return literal(member)
            case SqlOperation(operator="~", operands=(inner,)) if (opposite := negated(inner)) is not None:
                return self.render(opposite, depth + 1)
            case SqlOperation(operator="[]", operands=(owner, key)):
                return self._item(owner, key, depth)
            case SqlOperation(operator=sign, operands=operands):
                return self._operation(
                    sign, [(operand, self.render(operand, depth + 1)) for operand in operands]
                )
            case Symbol(path=path) if path.rpartition(".")[2] in {"true", "false", "null"}:
                return path.rpartition(".")[2]
            case Applied():
                return self._applied(value, depth)
            case Generic(origin=Applied() as origin, arguments=arguments):
                return self.render(SqlOperation("[]", (origin, *arguments)), depth + 1)
            case Member(owner=owner, name="astext"):
                return self._as_text(owner, depth)
            case _:
                return None

    def _applied(self, value: Applied, depth: int) -> str | None:
        match value.callee:
            case Symbol(path=path, name=name) if ".func." in f".{path}." or ".functions." in path:
                return self._function(name, value.arguments, depth)
            case ClassValue() as owner if isinstance(own := owner.get("name"), str):
                return self._function(own, value.arguments, depth)
            case Symbol(name=name):
                return self._known(name, value, depth)
            case Member(owner=owner, name=name):
                return self._method(owner, name, value, depth)
            case Applied(callee=Member(owner=owner, name="op"), arguments=[str() as sign, *_]):
                left, right = self.render(owner, depth + 1), self._all(value.arguments, depth)
                return (
                    f"{left} {sign} {right[0]}"
                    if left is not None and right and right[0] is not None
                    else None
                )
            case _:
                return None

    def _function(self, name: str, arguments: tuple[Value, ...], depth: int) -> str | None:
        if name == "current_timestamp" and not arguments:
            return "CURRENT_TIMESTAMP"
        return self._listed(f"{name}(", arguments, ", ", ")", depth)

    def _known(self, name: str, value: Applied, depth: int) -> str | None:
        arguments = value.arguments
        first = arguments[0] if arguments else None
        match name:
            case "text" | "literal_column" | "column" | "DDL":
                return first if isinstance(first, str) else None
            case "literal" | "bindparam" | "DefaultClause" | "type_coerce":
                return self.render(first, depth + 1)
            case "true" | "false" | "null":
                return name
            case "and_" | "or_":
                return self._listed("", arguments, f" {name[:-1].upper()} ", "", depth)
            case "not_":
                return self.render(SqlOperation("~", (first,)), depth + 1)
            case "case":
                return self._case(value, depth)
            case "cast":
                return self._cast(first, arguments[1] if len(arguments) > 1 else None, depth)
            case _ if name in _ORDERS:
                inner = self.render(first, depth + 1)
                return f"{inner} {_ORDERS[name]}" if inner is not None else None
            case "next_value" | "Sequence":
                return f"nextval('{first}')" if isinstance(first, str) else None
            case _:
                return None

    def _method(self, owner: Value, name: str, value: Applied, depth: int) -> str | None:
        if name in {"as_string", "astext"}:
            return self._as_text(owner, depth)
        left = self.render(owner, depth + 1)
        if left is None:
            return None
        arguments = value.arguments
        if name in _ORDERS and not arguments:
            return f"{left} {_ORDERS[name]}"
        if (
            name in {"in_", "notin_", "not_in"}
            and len(arguments) == 1
            and isinstance(arguments[0], list | tuple)
        ):
            before, after = (f"{left} IN (", ")") if name == "in_" else (f"({left} NOT IN (", "))")
            return self._listed(before, tuple(arguments[0]), ", ", after, depth)
        if name == "between" and len(arguments) == 2:
            return self._listed(f"{left} BETWEEN ", arguments, " AND ", "", depth)
        if name == "cast" and arguments:
            return self._cast(owner, arguments[0], depth)
        if name in {"label", "collate", "self_group"}:
            return left if name != "collate" or not arguments else f'{left} COLLATE "{arguments[0]}"'
        if name in _TESTS and len(arguments) == 1:
            right = self.render(arguments[0], depth + 1)
            return (
                f"{left} {_TESTS[name]} {right.upper() if right in {'true', 'false', 'null'} else right}"
                if right is not None
                else None
            )
        return None

    def _item(self, owner: Value, key: Value, depth: int) -> str | None:
        """`data["key"]`, `data[["outer", "inner"]]`: a step into a document, or a path."""
        if isinstance(key, list):
            steps = ",".join(str(step) for step in key)
            return self._listed("", (owner, f"{{{steps}}}"), " #> ", "", depth)
        return self._listed("", (owner, key), " -> ", "", depth)

    def _as_text(self, value: Value, depth: int) -> str | None:
        """`data["key"].astext`: the last step into a document, as text."""
        text = self.render(value, depth + 1)
        for arrow, as_text in ((" -> ", " ->> "), (" #> ", " #>> ")):
            before, found, key = (text or "").rpartition(arrow)
            if found:
                return f"{before}{as_text}{key}"
        return text

    def _case(self, value: Applied, depth: int) -> str | None:
        """`case((test, value), else_=value)`, the tests also in one list."""
        given = value.arguments
        pairs = tuple(given[0]) if len(given) == 1 and isinstance(given[0], list) else given
        parts: list[str | None] = []
        for pair in pairs:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                return None
            parts.append(self._listed("WHEN (", tuple(pair), ") THEN ", "", depth))
        other = value.keywords.get("else_")
        if other is not None:
            parts.append(self._listed("ELSE ", (other,), "", "", depth))
        known = [part for part in parts if part is not None]
        return f"CASE {' '.join(known)} END" if len(known) == len(parts) else None

    def _cast(self, inner: Value, kind: Value, depth: int) -> str | None:
        text, found = self.render(inner, depth + 1), column_types.read(self._project, kind)
        if text is None or found is None:
            return None
        return f"CAST({text} AS {_type_text(found.spelling)})"

    def _operation(self, sign: str, sides: list[tuple[Value, str | None]]) -> str | None:
        texts = [text for _, text in sides if text is not None]
        if len(texts) != len(sides):
            return None
        if len(texts) == 1:
            return f"NOT {texts[0]}" if sign == "~" else f"{sign}{texts[0]}"
        left, right = texts
        if sign in {"&", "|"}:
            return f"{self._grouped(left)} {'AND' if sign == '&' else 'OR'} {self._grouped(right)}"
        if sides[1][0] is None and sign in {"==", "!="}:
            return f"{left} IS {'NOT ' if sign == '!=' else ''}NULL"
        if sign == "+" and any(isinstance(side, str) for side, _ in sides):
            return f"{left} || {right}"
        return f"{left} {_SIGNS[sign]} {right}" if sign in _SIGNS else None

    def _grouped(self, text: str) -> str:
        return f"({text})" if " OR " in text else text

    def _all(self, values: tuple[Value, ...], depth: int) -> list[str | None]:
        return [self.render(value, depth + 1) for value in values]

    def _listed(
        self, before: str, values: tuple[Value, ...], between: str, after: str, depth: int
    ) -> str | None:
        texts = self._all(values, depth)
        known = [text for text in texts if text is not None]
        return f"{before}{between.join(known)}{after}" if len(known) == len(texts) else None


def _type_text(spelling: str) -> str:
    """The SQL name of a type from its spelling in Python: `sa.String(length=9)` is `VARCHAR(9)`."""
    name, _, arguments = spelling.rpartition(".")[2].partition("(")
    sizes = re.sub(r"\w+=", "", arguments.removesuffix(")"))
    sql = _TYPE_NAMES.get(name, name.upper())
    return f"{sql}({sizes})" if sizes and sizes.replace(", ", "").isdigit() else sql


def negated(value: Value) -> Value | None:
    """What SQLAlchemy makes of `~value`, where the operator has an opposite; None where it writes NOT."""
    match value:
        case SqlOperation(operator=sign, operands=operands) if sign in _OPPOSITES:
            return SqlOperation(_OPPOSITES[sign], operands)
        case Applied(callee=Member(owner=owner, name=name), arguments=arguments) if name in _OPPOSITES:
            return Applied(Member(owner, _OPPOSITES[name]), arguments, value.keywords)
        case SqlOperation(operator="~", operands=(inner,)):
            return inner
        case _:
            return None


def literal(value: Value) -> str:
    """A constant as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def stored_column(project: Project, value: Value) -> bool:
    """Whether a value is a column object."""
    return isinstance(value, Applied) and project.vocabulary.meaning(value.callee) in COLUMNS
