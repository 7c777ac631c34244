"""Which changes of a document validator can fail on stored documents, decided as the Convex backend decides it.

`is_subset` follows `Validator::is_subset` of the backend (`crates/common/src/schemas/validator.rs`): where the old
validator is a subset of the new one, a deploy cannot fail on data. It is deliberately incomplete: two records are a
subset only when they are equal, and an object is no subset of a union that only together covers it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.schema.change import Change, FieldChange, IndexChange, TableChange
from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    FieldType,
    FloatType,
    IdType,
    IntType,
    LiteralType,
    Member,
    NativeType,
    ObjectType,
    StringType,
    UnionType,
)

if TYPE_CHECKING:
    from instar.schema.model import Schema, Table

_COMMIT_TS = NativeType("commitTs")
_TRUE, _FALSE = LiteralType(value=True), LiteralType(value=False)


def is_subset(old: FieldType, new: FieldType) -> bool:
    """Whether every value that `old` accepts is surely accepted by `new`."""
    match old, new:
        case ArrayType(element=left), ArrayType(element=right):
            return is_subset(left, right)
        case ObjectType(), ObjectType():
            return object_reason(old, new) is None
        case _ if old == new or isinstance(new, AnyType):
            return True
        case LiteralType(), _ if _literal_fits(old, new):
            return True
        case (IdType(), StringType()):
            return True
        case (NativeType(), IntType()) | (IntType(), NativeType()):
            return _COMMIT_TS in (old, new)
        case UnionType(members=members), _:
            return all(is_subset(member, new) for member in members)
        case _, UnionType(members=members):
            if any(is_subset(old, member) for member in members):
                return True
            return isinstance(old, BoolType) and is_subset(_TRUE, new) and is_subset(_FALSE, new)
        case _:
            return False


def _literal_fits(literal: LiteralType, new: FieldType) -> bool:
    if literal.bigint:
        return isinstance(new, IntType) or new == _COMMIT_TS
    if isinstance(literal.value, bool):
        return isinstance(new, BoolType)
    return isinstance(new, StringType if isinstance(literal.value, str) else FloatType)


def object_reason(old: ObjectType, new: ObjectType) -> str | None:
    """Why an object of the old type may not be one of the new type."""
    before = {member.name: member for member in old.members}
    after = {member.name: member for member in new.members}
    for name in before.keys() - after.keys():
        return f"stored objects may have {name}, and a field that is not declared is refused"
    for name, member in after.items():
        was = before.get(name)
        if was is None:
            if not member.optional:
                return f"stored objects have no {name}"
        elif was.optional and not member.optional:
            return f"stored objects may have no {name}"
        elif not is_subset(was.type, member.type):
            return subset_reason(was.type, member.type)
    return None


def subset_reason(old: FieldType, new: FieldType) -> str | None:
    """Why the backend looks at stored values when `old` becomes `new`; None where it does not."""
    if is_subset(old, new):
        return None
    match old, new:
        case ArrayType(element=left), ArrayType(element=right):
            return subset_reason(left, right)
        case ObjectType(), ObjectType():
            return object_reason(old, new)
        case AnyType(), _:
            return "stored values may be anything"
        case UnionType(members=members), _:
            lost = [_name(member) for member in members if not is_subset(member, new)]
            return f"stored values may be {' or '.join(lost[:3])}"
        case _:
            return f"stored values may be {_name(old)}"


def _name(type_: FieldType) -> str:
    match type_:
        case LiteralType(value=str() as value):
            return f'"{value}"'
        case LiteralType(value=bool() as flag):
            return "true" if flag else "false"
        case LiteralType(value=value):
            return str(value)
        case FloatType():
            return "a number"
        case IntType():
            return "a bigint"
        case IdType(table=table):
            return f"an id of {table}"
        case NativeType(text=text):
            return text
        case _:
            name = str(type_.__struct_config__.tag)
            article = "an" if name[0] in "aeiou" else "a"
            return name if name == "null" else f"{article} {name}"


def document_type(table: Table) -> FieldType:
    """The validator of a whole document."""
    if table.shape is not None:
        return table.shape
    members = [Member(field.name, field.type, field.optional) for field in table.fields]
    return ObjectType(tuple(sorted(members, key=lambda member: member.name)))


def table_reason(old: Table, new: Table) -> str | None:
    """Why stored documents of a table may be refused by its new validator; None where none can be."""
    before, after = document_type(old), document_type(new)
    if isinstance(before, ObjectType) and isinstance(after, ObjectType):
        return object_reason(before, after)
    return subset_reason(before, after)


_VALIDATION_ON = "validation is switched on, so stored documents are checked for the first time"


def judge(changes: tuple[Change, ...], before: Schema, after: Schema) -> tuple[Change, ...]:
    """The changes with `narrows` and `reason` as the backend decides them for the deploy of `after`.

    Switching validation on checks every stored document: a `change_table` for each table that was not validated.
    """
    if not after.validated:
        return tuple(msgspec.structs.replace(change, narrows=False, reason=None) for change in changes)
    if before.validated:
        return tuple(_judged(change) for change in changes)
    checked = {table.name for table in after.tables if not isinstance(table.shape, AnyType)}
    judged: list[Change] = []
    for change in changes:
        narrows = change.table in checked and not isinstance(change, IndexChange)
        told = _VALIDATION_ON if narrows else None
        judged.append(msgspec.structs.replace(change, narrows=narrows, reason=told))
    for table in after.tables:
        was = before.table(table.name)
        if was is not None and table.name in checked:
            judged.append(
                TableChange(
                    kind="change_table",
                    table=table.name,
                    before=was,
                    after=table,
                    narrows=True,
                    reason=_VALIDATION_ON,
                )
            )
    return tuple(judged)


def _judged(change: Change) -> Change:
    reason: str | None = None
    match change:
        case TableChange(kind="change_table", before=old, after=new) if old is not None and new is not None:
            reason = table_reason(old, new)
        case FieldChange(kind="add_field", after=new_field) if new_field is not None:
            reason = None if new_field.optional else "stored documents have none"
        case FieldChange(kind="drop_field"):
            reason = "stored documents may have it, and a field that is not declared is refused"
        case FieldChange(kind="rename_field", before=old_field) if old_field is not None:
            reason = f"stored documents have {old_field.name}, and a field that is not declared is refused"
        case FieldChange(kind="require_field"):
            reason = "stored documents may have none"
        case FieldChange(kind="change_type", before=old_field, after=new_field) if old_field and new_field:
            reason = subset_reason(old_field.type, new_field.type)
    return msgspec.structs.replace(change, narrows=reason is not None, reason=reason)
