"""A comparison as people read it: grouped by table, one line a change, why it matters at the end of the line."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import msgspec

from instar.cli.comparison import opaque, unreadable
from instar.cli.output import bad, counted, good, heading, notable, quiet
from instar.schema.change import Change, ConstraintChange, FieldChange, IndexChange, TableChange
from instar.schema.wording import field_text, type_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.cli.comparison import Comparison
    from instar.schema.model import Constraint, Index, Table
    from instar.schema.renames import RenameCandidate

WIDEST_NOTE_COLUMN = 56
MOST_TABLES = 20
MOST_ASIDES = 5
_PAINT = {"+": good, "-": bad, "~": notable}


class Line(msgspec.Struct, frozen=True):
    """One change as text: `+ field   avatar_url  str, required    existing rows have none`."""

    sign: str
    noun: str
    subject: str
    note: str = ""


def render(comparison: Comparison) -> Iterator[str]:
    """The lines of `instar diff`, without the line that says what comes next."""
    blocks = [(title, list(changes)) for title, changes in groupby(comparison.changes, _title)]
    whole = [one for one in blocks if _is_whole(one[1])]
    parts = [one for one in blocks if not _is_whole(one[1])]
    for title, changes in parts:
        yield heading(title)
        yield from _aligned([_line(change) for change in changes])
    shown = [_whole_line(title, changes) for title, changes in whole[:MOST_TABLES]]
    yield from _aligned(shown, indent="")
    if len(whole) > MOST_TABLES:
        yield quiet(f"… and {len(whole) - MOST_TABLES} more tables (--format json lists them all)")
    if blocks:
        yield ""
    yield from _questions(comparison.questions)
    yield _summary(comparison)
    yield from _asides(comparison)


def _title(change: Change) -> str:
    return f"{change.namespace}.{change.table}" if change.namespace else change.table


def _is_whole(changes: list[Change]) -> bool:
    return changes[0].kind in {"add_table", "drop_table"}


def _whole_line(title: str, changes: list[Change]) -> Line:
    change = changes[0]
    assert isinstance(change, TableChange)
    table = change.after or change.before
    assert table is not None
    sign = "+" if change.kind == "add_table" else "-"
    return Line(sign, "table", f"{title}  {_contents(table)}", change.reason or "")


def _contents(table: Table) -> str:
    parts = [counted(len(table.fields), "field")]
    if table.indexes:
        parts.append(counted(len(table.indexes), "index", "indexes"))
    return ", ".join(parts)


def _line(change: Change) -> Line:
    match change:
        case TableChange():
            return _table_line(change)
        case FieldChange():
            return _field_line(change)
        case IndexChange():
            return _index_line(change)
        case ConstraintChange(kind=kind, before=before, after=after):
            constraint = after or before
            assert constraint is not None
            sign = "+" if kind == "add_constraint" else "-"
            return Line(sign, _constraint_noun(constraint), _constraint_text(constraint), change.reason or "")


def _table_line(change: TableChange) -> Line:
    assert change.before is not None
    assert change.after is not None
    if change.kind == "rename_table":
        return Line("~", "rename", f"{change.before.name} → {change.after.name}", "declared in --rename")
    return Line("~", "shape", "documents of another shape", change.reason or "")


def _field_line(change: FieldChange) -> Line:
    before, after, note = change.before, change.after, change.reason or ""
    name = change.path or change.field
    if before is None or after is None:
        field = after or before
        assert field is not None
        return Line("+" if after else "-", "field", f"{name}  {field_text(field)}", note)
    match change.kind:
        case "rename_field":
            return Line("~", "rename", f"{before.name} → {after.name}", "declared in --rename")
        case "change_type" if change.path or before.type == after.type:
            return Line("~", "type", name, note)
        case "change_type":
            return Line("~", "type", f"{name}  {type_text(before.type)} → {type_text(after.type)}", note)
        case "require_field":
            return Line("~", "field", f"{name}  optional → required", note)
        case "relax_field":
            return Line("~", "field", f"{name}  required → optional", note)
        case _:
            return Line(
                "~", "default", f"{name}  {_default(change, 'before')} → {_default(change, 'after')}", note
            )


def _default(change: FieldChange, side: str) -> str:
    """The default that differs, on one side."""
    assert change.before is not None
    assert change.after is not None
    client = change.before.server_default == change.after.server_default
    field = change.before if side == "before" else change.after
    default = field.default if client else field.server_default
    return "none" if default is None else default.text


def _index_line(change: IndexChange) -> Line:
    index = change.after or change.before
    assert index is not None
    sign = {"add_index": "+", "drop_index": "-", "change_index": "~"}[change.kind]
    if change.kind == "change_index" and change.before and change.after:
        was, now = _index_text(change.before), _index_text(change.after)
        if change.before.name == change.after.name:
            was = was.removeprefix(f"{change.before.name} ")
        subject = f"{was} → {now}" if change.before.name != change.after.name else f"{now}, was {was}"
        return Line(sign, "index", subject, change.reason or "")
    return Line(sign, "index", _index_text(index), change.reason or "")


def _index_text(index: Index) -> str:
    keys = ", ".join(key.text + key.order.lower() for key in index.keys)
    unique = "unique " if index.unique else ""
    kind = "" if index.kind == "btree" else f" {index.kind}"
    where = f" where {index.predicate}" if index.predicate else ""
    valid = "" if index.valid else ", invalid in the database"
    return f"{index.name or 'unnamed'} {unique}({keys}){kind}{where}{valid}"


def _constraint_noun(constraint: Constraint) -> str:
    return {"primary_key": "key", "unique": "unique", "foreign_key": "foreign", "check": "check"}[
        constraint.kind
    ]


def _constraint_text(constraint: Constraint) -> str:
    if constraint.kind == "check":
        return constraint.expression or constraint.name or "unknown"
    text = f"({', '.join(constraint.fields)})"
    if constraint.references is None:
        return text
    to = constraint.references
    return f"{text} → {to.table} ({', '.join(to.fields)})"


def _aligned(lines: list[Line], indent: str = "  ") -> Iterator[str]:
    """Notes stand in one column where the subjects are short enough, else two blanks behind them."""
    fitting = [len(line.subject) for line in lines if len(line.subject) <= WIDEST_NOTE_COLUMN]
    column = max(fitting, default=0)
    for line in lines:
        text = f"{line.subject:<{column}}   {quiet(line.note)}" if line.note else line.subject
        yield f"{indent}{_PAINT[line.sign](line.sign)} {line.noun:<7} {text}"


def _questions(questions: tuple[RenameCandidate, ...]) -> Iterator[str]:
    for question in questions:
        rename = question.rename
        what = (
            f"{rename.table}: drop {rename.old} + add {rename.new}"
            if rename.table
            else f"drop table {rename.old} + add table {rename.new}"
        )
        yield f"{notable('?')} {what}, or a rename? instar diff --rename {rename}"
    if questions:
        yield ""


def _summary(comparison: Comparison) -> str:
    """What is true, in a sentence."""
    between = f"{comparison.before.title} and {comparison.after.title}"
    if not comparison.changes:
        return f"In step: {between}." if comparison.live else f"No changes between {between}."
    changes = counted(len(comparison.changes), "change")
    narrowing = sum(change.narrows for change in comparison.changes)
    if not narrowing:
        return f"{changes} between {between}."
    return f"{changes} between {between}; {narrowing} can fail on stored rows, or lose data."


def _asides(comparison: Comparison) -> Iterator[str]:
    """What could not be read or understood: it is no part of the changes, and nothing of it counts as dropped."""
    unread = unreadable(comparison)
    if unread:
        named = [f"{one.path} ({f'line {one.line}, ' if one.line else ''}{one.reason})" for one in unread]
        yield f"{counted(len(unread), 'file')} could not be read: {_some(named)}."
    unclear = opaque(comparison)
    if unclear:
        named = [
            f"{'.'.join(filter(None, (one.schema, one.table, one.field))) or one.path or 'schema'} ({one.reason})"
            for one in unclear
        ]
        yield f"{counted(len(unclear), 'definition')} could not be understood: {_some(named)}."


def _some(named: list[str]) -> str:
    more = [f"and {len(named) - MOST_ASIDES} more"] if len(named) > MOST_ASIDES else []
    return ", ".join(named[:MOST_ASIDES] + more)
