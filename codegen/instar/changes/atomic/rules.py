"""Indexes and whole tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from instar.changes.atomic.acts import Act, Outcome
from instar.schema.migration import SourceEdit, Unplanned
from instar.schema.model import IndexKey
from instar.schema.operations import BackfillWork

if TYPE_CHECKING:
    from instar.changes.atomic.acts import Setting
    from instar.schema.change import IndexChange, TableChange
    from instar.schema.model import Index, Table

_STAGED = "Convex builds a staged index in the background; a plain one of a large table holds up the push until it is built."


def plan_index(number: int, change: IndexChange, setting: Setting) -> Outcome:
    """An index that comes, goes, or changes."""
    old, new = change.before, change.after
    if old is None and new is not None:
        return Outcome(acts=_built(change.table, new, number, setting, start=1))
    if new is None and old is not None:
        says = f"index {change.table}.{old.name} no longer used, and dropped"
        edit = SourceEdit(table=change.table, before_index=old)
        return Outcome(acts=(Act(deploy=1, says=says, changes=(number,), edits=(edit,)),))
    assert old is not None
    assert new is not None
    if old.name == new.name and _covers(old) == _covers(new):
        edit = SourceEdit(table=change.table, before_index=old, after_index=new)
        says = f"index {change.table}.{new.name} {'staged' if new.staged else 'enabled'}"
        return Outcome(acts=(Act(deploy=1, says=says, changes=(number,), edits=(edit,)),))
    named = msgspec.structs.replace(new, name=_new_name(new, setting.target.table(change.table)))
    if old.name != new.name:
        named = new
    built = _built(change.table, named, number, setting, start=1)
    last = max(act.deploy for act in built) + 1
    dropped = Act(
        deploy=last,
        says=f"queries of {change.table} move to {named.name}, and index {old.name} is dropped",
        changes=(number,),
        edits=(SourceEdit(table=change.table, before_index=old),),
        why="An index that changes under its name changes what the queries that name it mean; the new definition gets a new name.",
    )
    note = f"index {old.name} of {change.table} gets the name {named.name} with its new fields."
    return Outcome(acts=(*built, dropped), notes=(note,) if named.name != new.name else ())


def _covers(index: Index) -> tuple[object, ...]:
    return (index.keys, index.kind, index.include, index.dimensions)


def _built(table: str, index: Index, number: int, setting: Setting, *, start: int) -> tuple[Act, ...]:
    says = f"index {table}.{index.name} ({', '.join(index.fields)})"
    if index.staged or table not in setting.large_tables:
        edit = SourceEdit(table=table, after_index=index)
        built = "staged" if index.staged else "built; queries may use it from the next deploy on"
        return (Act(deploy=start, says=f"{says} {built}", changes=(number,), edits=(edit,)),)
    staged = msgspec.structs.replace(index, staged=True)
    return (
        Act(
            deploy=start,
            says=f"{says} staged",
            changes=(number,),
            edits=(SourceEdit(table=table, after_index=staged),),
            why=_STAGED,
        ),
        Act(
            deploy=start + 1,
            says=f"{says} enabled once it is built",
            changes=(number,),
            edits=(SourceEdit(table=table, before_index=staged, after_index=index),),
        ),
    )


def _new_name(index: Index, table: Table | None) -> str:
    """A name after the fields, and a number behind it where that is taken."""
    taken = {one.name for one in table.indexes} if table else set()
    base = "by_" + "_and_".join(re.sub(r"\W+", "_", field) for field in index.fields)
    name, count = base[:60], 2
    while name in taken:
        name, count = f"{base[:60]}_{count}", count + 1
    return name


def followed(
    table: str, old: str, new: str, setting: Setting
) -> tuple[tuple[SourceEdit, ...], tuple[SourceEdit, ...], tuple[str, ...]]:
    """The indexes over a renamed field: those to add over its new name, those to drop later, and what to say."""
    before, target = setting.before.table(table), setting.target.table(table)
    if before is None or target is None:
        return (), (), ()
    added, dropped, notes = [], [], []
    for index in before.indexes:
        if old not in (*index.fields, *index.include):
            continue
        keys = tuple(IndexKey(new) if key.text == old else key for key in index.keys)
        include = tuple(new if name == old else name for name in index.include)
        moved = msgspec.structs.replace(index, keys=keys, include=include, place=None)
        wanted = next((one for one in target.indexes if _covers(one) == _covers(moved)), None)
        if wanted is None:
            continue
        name = wanted.name if wanted.name != index.name else _new_name(moved, target)
        if name != wanted.name:
            notes.append(f"index {index.name} of {table} gets the name {name} over the new field.")
        added.append(SourceEdit(table=table, after_index=msgspec.structs.replace(moved, name=name)))
        dropped.append(SourceEdit(table=table, before_index=index))
    return tuple(added), tuple(dropped), tuple(notes)


def plan_table(number: int, change: TableChange, setting: Setting) -> Outcome:
    """A table that comes or goes."""
    if change.kind == "add_table" and change.after is not None:
        edit = SourceEdit(table=change.table, after_table=change.after)
        return Outcome(
            acts=(Act(deploy=1, says=f"table {change.table} added", changes=(number,), edits=(edit,)),)
        )
    if change.kind == "drop_table" and change.before is not None:
        work = BackfillWork(
            name=setting.work_name(change.table, "*", "clear"),
            table=change.table,
            target="*",
            guard="true",
            clear=True,
        )
        return Outcome(
            acts=(
                Act(deploy=1, says=f"table {change.table} no longer read or written", changes=(number,)),
                Act(
                    deploy=1,
                    says=f"documents of {change.table} deleted",
                    changes=(number,),
                    work=work,
                    why="A table that leaves the schema keeps its documents, unseen and paid for.",
                ),
                Act(
                    deploy=2,
                    says=f"table {change.table} removed",
                    changes=(number,),
                    edits=(SourceEdit(table=change.table, before_table=change.before),),
                ),
            )
        )
    reasons = {
        "rename_table": "documents get new ids in another table; add the new one, copy what refers to it, drop the old one",
        "change_table": "the validator of whole documents is yours to write; run instar lint to see whether it narrows",
    }
    title = f"{change.kind.replace('_', ' ')} {change.table}"
    return Outcome(unplanned=(Unplanned(change=number, title=title, reason=reasons.get(change.kind, "")),))
