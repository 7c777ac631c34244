"""Fields that come, go, are renamed, retyped, required or relaxed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.atomic.acts import Act, Outcome
from instar.changes.atomic.rules import followed
from instar.dialects.convex.typescript_text import (
    bare_validator,
    member,
    optional_validator,
    type_test,
    validator,
)
from instar.schema.migration import Decision, FieldAccess, SourceEdit, Unplanned
from instar.schema.model import Default, Field
from instar.schema.operations import BackfillWork, Conversion
from instar.schema.types import FieldType, UnionType
from instar.schema.validators import is_subset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.changes.atomic.acts import Setting
    from instar.schema.change import FieldChange

_WRITERS_FIRST = "The code that writes the new form ships before the backfill: a document written in the old form behind its cursor would be missed."
_DATA_FIRST = (
    "The schema narrows only when every stored document fits: Convex refuses the whole push otherwise."
)


def plan_field(changes: Sequence[tuple[int, FieldChange]], setting: Setting) -> Outcome:
    """All changes of one field, which belong together."""
    numbers = tuple(number for number, _ in changes)
    kinds = {change.kind for _, change in changes}
    first = changes[0][1]
    before = next((change.before for _, change in changes if change.before), None)
    after = next((change.after for _, change in changes if change.after), None)
    if "add_field" in kinds and after is not None:
        return _added(first.table, after, numbers, setting)
    if "drop_field" in kinds and before is not None:
        return _dropped(first.table, before, numbers, setting)
    if before is None or after is None:
        return Outcome()
    if "rename_field" in kinds:
        if "change_type" in kinds:
            reason = "a field that is renamed and retyped at once is two migrations: rename it first"
            title = f"rename and retype {first.table}.{after.name}"
            return Outcome(unplanned=tuple(Unplanned(change=n, title=title, reason=reason) for n in numbers))
        return _renamed(first.table, before, after, numbers, setting)
    return _changed(first.table, before, after, numbers, setting)


def with_type(field: Field, *, optional: bool, type_: FieldType | None = None) -> Field:
    """The field with another optionality, and another type where one is given; its own spelling where it can stay."""
    text = validator(type_) if type_ is not None else bare_validator(field.spelling or validator(field.type))
    return msgspec.structs.replace(
        field,
        optional=optional,
        type=type_ or field.type,
        spelling=optional_validator(text, optional),
        place=None,
    )


def _edit(table: str, before: Field | None, after: Field | None) -> tuple[SourceEdit, ...]:
    return (SourceEdit(table=table, before=before, after=after),)


def _added(table: str, field: Field, numbers: tuple[int, ...], setting: Setting) -> Outcome:
    name = f"{table}.{field.name}"
    if field.optional:
        says = f"{name} added, optional"
        return Outcome(acts=(Act(deploy=1, says=says, changes=numbers, edits=_edit(table, None, field)),))
    value = setting.value(table, field.name)
    widened = with_type(field, optional=True)
    access = FieldAccess(
        table=table, field=widened, mode="fallback", default=Default(text=value) if value else None
    )
    acts = (
        Act(
            deploy=1,
            says=f"{name} added, optional; new documents get it",
            changes=numbers,
            edits=_edit(table, None, widened),
            access=(access,),
            why=_WRITERS_FIRST,
        ),
        *_fill(table, field, value, numbers, setting),
        Act(
            deploy=2,
            says=f"{name} required",
            changes=numbers,
            edits=_edit(table, widened, with_type(field, optional=False)),
            access=(FieldAccess(table=table, field=field, mode="plain"),),
            why=_DATA_FIRST,
        ),
    )
    return Outcome(acts=acts, decisions=() if value else (_question(table, field),))


def _question(table: str, field: Field) -> Decision:
    name = f"{table}.{field.name}"
    return Decision(
        table=table,
        field=field.name,
        question=f"{name} is required, and stored documents have none: what is their value?",
        answers=(f"--default {name}=…", f"--fill {name}='doc._creationTime'"),
    )


def _fill(
    table: str, field: Field, value: str | None, numbers: tuple[int, ...], setting: Setting
) -> tuple[Act, ...]:
    if value is None:
        return ()
    work = BackfillWork(
        name=setting.work_name(table, field.name),
        table=table,
        target=field.name,
        guard=f"{member('doc', field.name)} === undefined",
        expression=value,
    )
    return (
        Act(deploy=1, says=f"{table}.{field.name} filled where it is missing", changes=numbers, work=work),
    )


def _clear(table: str, field: Field, deploy: int, numbers: tuple[int, ...], setting: Setting) -> Act:
    work = BackfillWork(
        name=setting.work_name(table, field.name, "clear"),
        table=table,
        target=field.name,
        guard=f"{member('doc', field.name)} !== undefined",
        clear=True,
    )
    why = "Data goes before the field does: a document with a field that the schema does not declare is refused."
    return Act(deploy=deploy, says=f"{table}.{field.name} cleared", changes=numbers, work=work, why=why)


def _dropped(table: str, field: Field, numbers: tuple[int, ...], setting: Setting) -> Outcome:
    relaxed = with_type(field, optional=True)
    edits = () if field.optional else _edit(table, field, relaxed)
    says = f"{table}.{field.name} no longer read or written" + ("" if field.optional else "; optional")
    return Outcome(
        acts=(
            Act(deploy=1, says=says, changes=numbers, edits=edits),
            _clear(table, field, 1, numbers, setting),
            Act(
                deploy=2,
                says=f"{table}.{field.name} removed",
                changes=numbers,
                edits=_edit(table, relaxed, None),
                why=_DATA_FIRST,
            ),
        )
    )


def _renamed(table: str, old: Field, new: Field, numbers: tuple[int, ...], setting: Setting) -> Outcome:
    widened, relaxed = with_type(new, optional=True), with_type(old, optional=True)
    final = with_type(new, optional=new.optional)
    copy = BackfillWork(
        name=setting.work_name(table, new.name),
        table=table,
        target=new.name,
        guard=f"{member('doc', new.name)} === undefined"
        + (f" && {member('doc', old.name)} !== undefined" if old.optional else ""),
        expression=member("doc", old.name),
        reads=(old.name,),
    )
    drop_old = () if old.optional else _edit(table, old, relaxed)
    beside, dropped, notes = followed(table, old.name, new.name, setting)
    return Outcome(
        acts=(
            Act(
                deploy=1,
                says=f"{table}.{new.name} added beside {old.name}; both are written, the new one is read first",
                changes=numbers,
                edits=(*_edit(table, None, widened), *beside),
                access=(FieldAccess(table=table, field=widened, old=old, mode="fallback"),),
                why=_WRITERS_FIRST,
            ),
            Act(
                deploy=1,
                says=f"{table}.{new.name} copied from {old.name} where it is missing",
                changes=numbers,
                work=copy,
            ),
            Act(
                deploy=2,
                says=f"{table}.{new.name} alone is read and written; {old.name} is optional",
                changes=numbers,
                edits=(*_edit(table, widened, final), *drop_old, *dropped),
                access=(FieldAccess(table=table, field=final, mode="plain"),),
                why=_DATA_FIRST,
            ),
            _clear(table, relaxed, 2, numbers, setting),
            Act(
                deploy=3,
                says=f"{table}.{old.name} removed",
                changes=numbers,
                edits=_edit(table, relaxed, None),
                why=_DATA_FIRST,
            ),
        ),
        notes=notes,
    )


def _changed(table: str, old: Field, new: Field, numbers: tuple[int, ...], setting: Setting) -> Outcome:
    """Another type, another optionality, or both, under one name."""
    name = f"{table}.{new.name}"
    widens = is_subset(old.type, new.type)
    if widens and (new.optional or not old.optional):
        what = "optional; readers accept that it is missing" if new.optional and not old.optional else "wider"
        return Outcome(
            acts=(
                Act(deploy=1, says=f"{name} becomes {what}", changes=numbers, edits=_edit(table, old, new)),
            )
        )
    union = new.type if widens else _union(old.type, new.type)
    middle = with_type(new, optional=old.optional or new.optional, type_=None if widens else union)
    works: list[BackfillWork] = []
    decisions: list[Decision] = []
    value = setting.value(table, new.name)
    if old.optional and not new.optional:
        if value is None:
            decisions.append(_question(table, new))
        else:
            works.append(
                BackfillWork(
                    name=setting.work_name(table, new.name),
                    table=table,
                    target=new.name,
                    guard=f"{member('doc', new.name)} === undefined",
                    expression=value,
                )
            )
    conversion = setting.options.conversions.get(name)
    if not widens:
        test = type_test(new.type, member("doc", new.name))
        if test is None or _overlaps(old.type, new.type):
            reason = "code cannot tell a converted value from one that is not; add a field of another name, and drop this one later"
            title = f"change type of {name}"
            return Outcome(unplanned=tuple(Unplanned(change=n, title=title, reason=reason) for n in numbers))
        if conversion is None:
            decisions.append(
                Decision(
                    table=table,
                    field=new.name,
                    question=f"{name} changes its type: what becomes of its old values?",
                    answers=(f'--convert {name}="old=new,…"', f'--convert {name}="up: Number(value)"'),
                )
            )
        else:
            missing = f"{member('doc', new.name)} !== undefined && " if middle.optional else ""
            works.append(
                BackfillWork(
                    name=setting.work_name(table, new.name, "convert" if works else ""),
                    table=table,
                    target=new.name,
                    guard=f"{missing}!({test})",
                    compute=f"convert:{new.name}",
                    reads=(new.name,),
                )
            )
    access = FieldAccess(
        table=table,
        field=middle,
        old=None if widens else old,
        mode="fallback",
        conversion=conversion or (None if widens else Conversion()),
        default=Default(text=value) if value else None,
    )
    says = (
        "takes the old form and the new one; new documents have the new one"
        if not widens
        else "always written"
    )
    acts = [
        Act(
            deploy=1,
            says=f"{name} {says}",
            changes=numbers,
            edits=()
            if middle.type == old.type and middle.optional == old.optional
            else _edit(table, old, middle),
            access=(access,),
            why=_WRITERS_FIRST,
        )
    ]
    acts += [
        Act(
            deploy=1,
            says=f"{name} {'converted' if work.compute else 'filled where it is missing'}",
            changes=numbers,
            work=work,
        )
        for work in works
    ]
    final = with_type(new, optional=new.optional)
    acts.append(
        Act(
            deploy=2,
            says=f"{name} narrowed to its new form" if not widens else f"{name} required",
            changes=numbers,
            edits=_edit(table, middle, final),
            access=(FieldAccess(table=table, field=final, mode="plain"),),
            why=_DATA_FIRST,
        )
    )
    return Outcome(acts=tuple(acts), decisions=tuple(decisions))


def _members(type_: FieldType) -> tuple[FieldType, ...]:
    return type_.members if isinstance(type_, UnionType) else (type_,)


def _union(old: FieldType, new: FieldType) -> UnionType:
    """Both forms in one validator: the old members, then the new ones."""
    return UnionType(tuple(dict.fromkeys((*_members(old), *_members(new)))))


def _overlaps(old: FieldType, new: FieldType) -> bool:
    """Whether an old value that needs conversion may pass for a new one."""
    stays = [one for one in _members(old) if is_subset(one, new)]
    tests = {type_test(one, "x") for one in _members(new)}
    return any(type_test(one, "x") in tests for one in _members(old) if one not in stays)
