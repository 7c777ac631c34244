"""Changes to a migration: the acts of every change, put together into the fewest deploys that are safe."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

import msgspec

from instar.changes.atomic import atomic_plan
from instar.changes.context import Context
from instar.changes.items import FieldItem, IndexItem
from instar.changes.options import PlanOptions
from instar.changes.registry import planner
from instar.changes.target import wanted
from instar.changes.unplanned import title_of
from instar.errors import InstarError
from instar.plan.assemble import deploys_of
from instar.plan.filled_first import filled_first
from instar.plan.schedule import schedule
from instar.plan.selection import selected
from instar.schema.migration import Migration, Unplanned
from instar.schema.virtual import declared_after

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.changes.base import Item, Planned
    from instar.schema.change import Change, ChangeKind
    from instar.schema.migration import DeployModel
    from instar.schema.model import Schema

__all__ = ["PlanOptions", "make_plan", "slug_of"]

_FIRST: tuple[ChangeKind, ...] = ("add_field", "drop_field", "rename_field", "change_type")
"""A field that is replaced is planned by one of these alone, whatever else changes about it."""


def make_plan(
    before: Schema,
    target: Schema,
    changes: Sequence[Change],
    *,
    name: str = "",
    backend: str = "",
    options: PlanOptions | None = None,
    deploy_model: DeployModel = "rolling",
    parent: str | None = None,
) -> Migration:
    """Plan the way from one schema version to the other. The same input gives the same plan, id included.

    Args:
        before: The schema that is deployed.
        target: The schema that the user wants.
        changes: What `diff` says differs, with the renames that were told.
        name: The migration's name; made from the changes when empty.
        backend: The database that DDL is written for; empty where the dialect has but one.
        options: What the user decides.
        deploy_model: Whether old and new code run side by side.
        parent: The id of the migration or snapshot that it follows.

    Raises:
        InstarError: Two changes wait for each other, as when two fields swap names.
    """
    options = options or PlanOptions()
    changes = selected(changes, options.only)
    slug = _slug(name) if name else slug_of(changes)
    named = Migration(
        id=_identity(parent, slug, changes, options),
        parent=parent,
        name=slug,
        dialect=before.dialect if before.tables else target.dialect,
        deploy_model=deploy_model,
        backend="" if deploy_model == "atomic" else backend,
        before=before,
        target=target,
        changes=tuple(changes),
        deploys=(),
        sync="app" if deploy_model == "atomic" else options.sync,
    )
    return _atomic(named, options) if deploy_model == "atomic" else _rolling(named, options)


def _rolling(named: Migration, options: PlanOptions) -> Migration:
    """The plan of a dialect whose old and new code run side by side."""
    want = wanted(named.before, named.target, named.changes, options, named.backend)
    context = Context(
        id=named.id, backend=named.backend, before=named.before, target=want.target, options=options
    )
    planned: list[Planned] = []
    unplanned = list(want.unplanned)
    for item in want.items:
        for kind in _kinds(item):
            plan = planner(kind, named.deploy_model)
            if plan is None:
                unplanned += _unknown(item, named.changes, named.deploy_model)
            else:
                planned.append(plan(item, context))
    drafts = [draft for each in planned for draft in each.drafts]
    return msgspec.structs.replace(
        named,
        target=want.target,
        deploys=deploys_of(schedule(filled_first(drafts), options.ddl)),
        decisions=tuple(decision for each in planned for decision in each.decisions),
        unplanned=tuple(sorted(unplanned, key=lambda one: one.change)),
        notes=tuple(dict.fromkeys(note for each in planned for note in each.notes)),
    )


def _atomic(named: Migration, options: PlanOptions) -> Migration:
    """The plan of a dialect whose code, schema and indexes switch at once; it ends with what its edits leave."""
    plan = atomic_plan(named, options)
    migration = msgspec.structs.replace(
        named,
        deploys=plan.deploys,
        decisions=plan.decisions,
        unplanned=plan.unplanned,
        notes=plan.notes,
    )
    return msgspec.structs.replace(migration, target=declared_after(migration, len(plan.deploys)))


def slug_of(changes: Sequence[Change]) -> str:
    """A name for a migration from what it changes: `users-display-name-and-2-more`."""
    names = list(dict.fromkeys(title_of(change).rpartition(" ")[2] for change in changes))
    if not names:
        return "nothing"
    if len(names) <= 2:
        return _slug("-and-".join(names))
    return _slug(f"{names[0]}-and-{len(names) - 1}-more")


def _slug(text: str) -> str:
    """Letters, digits and hyphens: safe as a file name everywhere."""
    slug = re.sub(r"[^0-9a-z]+", "-", text.lower()).strip("-")[:60].strip("-")
    if not slug:
        raise InstarError(f'"{text}" makes no name for a migration; use letters and digits.')
    return slug


def _identity(parent: str | None, slug: str, changes: Sequence[Change], options: PlanOptions) -> str:
    said = msgspec.json.encode((parent, slug, tuple(changes), options), order="sorted")
    return hashlib.sha256(said).hexdigest()[:8]


def _kinds(item: Item) -> tuple[ChangeKind, ...]:
    """Which modules plan an item: one for a field that comes, goes or is replaced, else each of its own changes."""
    if not isinstance(item, FieldItem):
        return (item.kind,)
    if item.replaced:
        return tuple(kind for kind in _FIRST if kind in item.kinds)[:1]
    return tuple(sorted(item.kinds))


def _unknown(item: Item, changes: Sequence[Change], deploy_model: DeployModel) -> list[Unplanned]:
    reason = f"this kind of change is not planned yet where deploys are {deploy_model}"
    what = "index" if isinstance(item, IndexItem) else "field"
    return [
        Unplanned(change=number, title=title_of(changes[number]) or what, reason=reason)
        for number in item.changes
    ]
