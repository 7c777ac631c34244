"""Constraints and indexes over columns that are replaced: the same call, over the column that the code maps then."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

import libcst as cst
import msgspec

from instar.dialects.sqlalchemy.python_text import string
from instar.schema.change import FieldChange
from instar.schema.model import Constraint, Index, Table
from instar.schema.sql_text import canonical, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar.dialects.sqlalchemy.editing.statements import Module
    from instar.schema.migration import Migration

Rule: TypeAlias = Constraint | Index
R = TypeVar("R", Constraint, Index)

_CALLEES = {
    "unique": "UniqueConstraint",
    "check": "CheckConstraint",
    "foreign_key": "ForeignKeyConstraint",
    "index": "Index",
}


class RuleEdits(msgspec.Struct, frozen=True):
    """The file's text with the calls changed in place, and the table as it declares them then."""

    text: str
    now: Table


def edit_rules(module: Module, migration: Migration, now: Table, then: Table) -> RuleEdits:
    """Change what the class declares over replaced columns; what has no counterpart stays as it is.

    Args:
        module: The file.
        migration: The plan.
        now: The table as the file declares it.
        then: The table as it should declare it.
    """
    pairs = _pairs(migration, now)
    owner = module.class_at(now.place.line) if now.place is not None else None
    if owner is None or not pairs:
        return RuleEdits(module.tree.code, now)
    indexes = _moves(now.indexes, then.indexes, pairs)
    constraints = _moves(now.constraints, then.constraints, pairs)
    edit = _Edit(owner.name.value, [*indexes, *constraints])
    tree = module.tree.visit(edit)
    moved = {id(before): after for before, after in (*indexes, *constraints) if id(before) in edit.done}
    return RuleEdits(
        tree.code,
        msgspec.structs.replace(
            now,
            indexes=tuple(moved.get(id(one), one) for one in now.indexes),
            constraints=tuple(moved.get(id(one), one) for one in now.constraints),
        ),
    )


def _pairs(migration: Migration, table: Table) -> list[dict[str, str]]:
    """Old stored names to new ones, and the other way round."""
    there: dict[str, str] = {}
    target = migration.target.table(table.name, table.namespace)
    for change in migration.changes:
        if not isinstance(change, FieldChange) or (change.namespace, change.table) != table.key:
            continue
        before, after = change.before, change.after
        if before is None or after is None or target is None or target.field(before.name) is not None:
            continue
        stored = target.field(after.name) or target.attribute(after.code_name)
        if stored is not None and stored.name != before.name:
            there[before.name] = stored.name
    return [there, {new: old for old, new in there.items()}] if there else []


def _moves(now: Iterable[R], then: Iterable[R], pairs: list[dict[str, str]]) -> list[tuple[R, R]]:
    """Each rule that is no more, with the new one that is the same over other columns."""
    gone = [one for one in now if all(_says(one) != _says(other) for other in then)]
    come = [one for one in then if all(_says(one) != _says(other) for other in now)]
    found: list[tuple[R, R]] = []
    for one in gone:
        match = next((new for new in come for names in pairs if _says(_over(one, names)) == _says(new)), None)
        if match is not None:
            come.remove(match)
            found.append((one, match))
    return found


def _says(rule: Rule) -> object:
    """What a rule is about, whatever its name and its place."""
    if isinstance(rule, Index):
        return (rule.keys, rule.unique, rule.include, canonical(rule.predicate))
    return (rule.kind, rule.fields, canonical(rule.expression), rule.references)


def _over(rule: R, names: Mapping[str, str]) -> R:
    """The rule over columns of other names."""
    if isinstance(rule, Index):
        keys = tuple(
            msgspec.structs.replace(
                key, text=renamed(key.text, names) if key.expression else names.get(key.text, key.text)
            )
            for key in rule.keys
        )
        include = tuple(names.get(name, name) for name in rule.include)
        return msgspec.structs.replace(
            rule, keys=keys, include=include, predicate=renamed(rule.predicate, names)
        )
    return msgspec.structs.replace(
        rule,
        fields=tuple(names.get(name, name) for name in rule.fields),
        expression=renamed(rule.expression, names),
    )


class _Edit(cst.CSTTransformer):
    """Changes the calls in one class that declare the given rules."""

    def __init__(self, owner: str, moves: list[tuple[Rule, Rule]]) -> None:
        super().__init__()
        self.done: set[int] = set()
        self._owner, self._moves, self._depth = owner, moves, 0

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:  # noqa: N802 - LibCST's naming
        """Only the class of the table is looked into."""
        return node.name.value == self._owner

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802 - LibCST's naming
        """Replace the names of columns in the call of a rule, and its own name."""
        callee = cst.Module([]).code_for_node(original_node.func).rpartition(".")[2]
        for before, after in self._moves:
            kind = "index" if isinstance(before, Index) else before.kind
            if (
                id(before) in self.done
                or callee != _CALLEES.get(kind)
                or not _declares(original_node, before)
            ):
                continue
            self.done.add(id(before))
            changed = updated_node.visit(_Texts(_texts(before, after)))
            assert isinstance(changed, cst.Call)
            return changed
        return updated_node


def _declares(call: cst.Call, rule: Rule) -> bool:
    """Whether a call in the source is the one that declares a rule."""
    said = _Said()
    call.visit(said)
    if isinstance(rule, Index):
        names = [rule.name, *(key.text for key in rule.keys)]
        return said.texts[: len(names)] == names
    if rule.kind == "check":
        return any(canonical(text) == canonical(rule.expression) for text in said.texts)
    return said.texts[: len(rule.fields)] == list(rule.fields) and (
        rule.name is None or rule.name in said.texts
    )


def _texts(before: Rule, after: Rule) -> dict[str, str]:
    """The texts in a call that change, each with what it becomes."""
    found: dict[str, str] = {}
    if isinstance(before, Index) and isinstance(after, Index):
        found = {a.text: b.text for a, b in zip(before.keys, after.keys, strict=True)}
        found |= dict(zip(before.include, after.include, strict=True))
        found |= {before.predicate: after.predicate} if before.predicate and after.predicate else {}
    elif isinstance(before, Constraint) and isinstance(after, Constraint):
        found = dict(zip(before.fields, after.fields, strict=True))
        found |= {before.expression: after.expression} if before.expression and after.expression else {}
    if before.name and after.name:
        found[before.name] = after.name
    return found


class _Said(cst.CSTVisitor):
    """The string literals of a call, in order."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def visit_SimpleString(self, node: cst.SimpleString) -> None:  # noqa: N802 - LibCST's naming
        """One literal."""
        self.texts.append(str(node.evaluated_value))


class _Texts(cst.CSTTransformer):
    """Replaces string literals by others."""

    def __init__(self, become: Mapping[str, str]) -> None:
        super().__init__()
        self._become: dict[str | None, str] = {canonical(text): other for text, other in become.items()}
        self._become.update(become)

    def leave_SimpleString(  # noqa: N802 - LibCST's naming
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        """One literal."""
        text = str(original_node.evaluated_value)
        other = self._become.get(text, self._become.get(canonical(text)))
        return updated_node if other in {None, text} else updated_node.with_changes(value=string(str(other)))
