"""What a data statement in a revision does: raw SQL, or a Core construct, from its syntax alone."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar.schema.model import Place
from instar_lint.revision_ddl import bare

if TYPE_CHECKING:
    from instar_lint.revision_names import RevisionNames

Loop: TypeAlias = Literal["", "rows", "batches"]


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One data statement: raw SQL, or a Core construct.

    Attributes:
        kind: What it does.
        place: Where it stands.
        table: The stored name of the table, where it can be read.
        targets: The stored names of the columns that it sets.
        where: Its condition as text; None where it has none.
        values: What it sets, as text.
        limit: The literal number of rows that it stops after.
        loop: The kind of loop that it stands in.
        tested: Whether code around it looks at each row first.
        tracked: Whether a runner keeps a record of it.
        autocommit: Whether it commits on its own, so that no lock of the revision's transaction waits for it.
    """

    kind: Literal["update", "delete"]
    place: Place
    table: str | None = None
    targets: tuple[str, ...] = ()
    where: str | None = None
    values: str = ""
    limit: int | None = None
    loop: Loop = ""
    tested: bool = False
    tracked: bool = False
    autocommit: bool = False

    @property
    def guarded(self) -> bool:
        """Whether its condition leaves out rows that it has already rewritten."""
        if self.tested:
            return True
        condition = (self.where or "").lower()
        tests = ("is null", "is distinct", "is_(none)", "== none", "!=", "<>", " not ", "exists")
        return any(test in condition for test in tests) or any(t.lower() in condition for t in self.targets)

    @property
    def bounded(self) -> bool:
        """Whether it names the rows that it is about by more than a test for emptiness."""
        if self.where is None:
            return False
        rest = re.sub(r"(?i)[\w.\"`]+\s+is\s+(not\s+)?null|[\w.]+\.is_(not)?\(none\)", "", self.where)
        return bool(re.sub(r"(?i)\b(and|or|where)\b|[\s()]", "", rest))


def statement_of(node: ast.expr, place: Place, names: RevisionNames) -> Statement | None:
    """The statement that is given to `execute`; None where it changes no data or cannot be read."""
    sql = sql_of(node, names)
    return _sql_statement(sql, place) if sql is not None else core_statement(node, place, names)


def sql_of(given: ast.expr, names: RevisionNames) -> str | None:
    """The SQL of a string or of `text("…")`; formatted values become `?`."""
    node = names.value(given)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "?" for v in node.values)
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in {"text", "dedent"} and node.args:
            return sql_of(node.args[0], names)
        if isinstance(node.func, ast.Attribute) and name in {"bindparams", "strip", "format"}:
            return sql_of(node.func.value, names)
    return None


_UPDATE = re.compile(r"(?is)\bupdate\s+(?:only\s+)?([\w.\"`?]+)(?:\s+(?:as\s+)?\w+)?\s+set\s+(.*)")
_DELETE = re.compile(r"(?is)\bdelete\s+from\s+(?:only\s+)?([\w.\"`?]+)(.*)")
_ASSIGNED = re.compile(r"(?:^|,)\s*[\"`]?(\w+)[\"`]?\s*=")
_LIMIT = re.compile(r"(?i)\blimit\s+(\d+)")


def _sql_statement(sql: str, place: Place) -> Statement | None:
    plain = " ".join(re.sub(r"--[^\n]*", "", sql).split())
    if re.match(r"(?i)(create|alter|drop|comment|grant|select(?!.*\bupdate\b))\b", plain):
        return None
    limit = _LIMIT.search(plain)
    if update := _UPDATE.search(plain):
        values, where = _split(update[2])
        return Statement(
            kind="update",
            place=place,
            table=_bare(update[1]),
            targets=tuple(_ASSIGNED.findall(values)),
            where=where,
            values=values,
            limit=int(limit[1]) if limit else None,
        )
    if delete := _DELETE.search(plain):
        where = _split(delete[2])[1]
        return Statement(
            kind="delete",
            place=place,
            table=_bare(delete[1]),
            where=where,
            limit=int(limit[1]) if limit else None,
        )
    return None


def _bare(name: str) -> str | None:
    return None if "?" in bare(name) else bare(name)


def _split(text: str) -> tuple[str, str | None]:
    """What stands before and after the first WHERE that is in no parentheses."""
    depth = 0
    for match in re.finditer(r"[()]|(?i:\bwhere\b)", text):
        if match[0] == "(":
            depth += 1
        elif match[0] == ")":
            depth -= 1
        elif depth == 0:
            return text[: match.start()], text[match.end() :].strip()
    return text, None


def core_statement(node: ast.expr, place: Place, names: RevisionNames) -> Statement | None:
    """`table.update().where(…).values(…)`, `update(Table)…`, `session.query(Table)….update(…)`, and with `delete`."""
    kind: Literal["update", "delete"] | None = None
    wheres: list[str] = []
    targets: list[str] = []
    values: list[str] = []
    table: str | None = None
    current = names.value(node)
    while isinstance(current, ast.Call):
        name = (
            current.func.attr if isinstance(current.func, ast.Attribute) else getattr(current.func, "id", "")
        )
        if name in {"where", "filter", "filter_by"}:
            wheres += [ast.unparse(a) for a in current.args] + [f"{k.arg} == ?" for k in current.keywords]
        elif name == "values":
            targets += [k.arg for k in current.keywords if k.arg] + _keys(current.args)
            values += [ast.unparse(a) for a in (*current.args, *(k.value for k in current.keywords))]
        elif name in {"update", "delete"}:
            kind = "update" if name == "update" else "delete"
            named = current.args[0] if current.args else getattr(current.func, "value", None)
            table = names.table(named)
            targets += _keys(current.args)
        elif name == "query" and current.args:
            table = names.table(current.args[0])
        current = names.value(current.func.value) if isinstance(current.func, ast.Attribute) else None
    if kind is None:
        return None
    return Statement(
        kind=kind,
        place=place,
        table=table,
        targets=tuple(targets),
        where=" and ".join(wheres) or None,
        values=", ".join(values),
    )


def _keys(arguments: list[ast.expr]) -> list[str]:
    keys = [key for argument in arguments if isinstance(argument, ast.Dict) for key in argument.keys]
    names = [key.value if isinstance(key, ast.Constant) else getattr(key, "attr", None) for key in keys]
    return [name for name in names if isinstance(name, str)]
