"""What a step does, as plain data: the vocabulary between the planner and the dialects.

The planner (`instar.changes`) says *what* in these words; a dialect says *how* on its backend. Each operation
carries the whole definition of what it touches, so that it can be undone without looking anything up.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from instar.schema.model import Constraint, Default, Field, Index


class Conversion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How values go from an old field to a new one and back. Both directions must be total, or leave a NULL.

    Either `mapping` (pairs of literals, old first) with an optional default for values without an image in each
    direction, or SQL expressions over the old and the new stored name.

    Attributes:
        mapping: Pairs `(old, new)`; the first pair with a given new value is its image on the way back.
        up_default: The new value of an old one that the mapping does not list; None leaves it empty.
        down_default: The old value of a new one that the mapping does not list.
        up: SQL over the old field, for what a mapping cannot say.
        down: SQL over the new field.
    """

    mapping: tuple[tuple[str | int | float | bool, str | int | float | bool], ...] = ()
    up_default: str | int | float | bool | None = None
    down_default: str | int | float | bool | None = None
    up: str | None = None
    down: str | None = None


class BackfillWork(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One backfill: which rows of which table are rewritten, and to what.

    Exactly one of `expression` and `compute` is set, unless it is a clearing (`clear`).

    Attributes:
        name: Its unique name in the tracking table: `<migration id>/<table>.<field>`.
        table: The stored table name.
        namespace: The table's namespace where it is not the default one.
        target: The stored name of the field that is filled.
        guard: SQL that is true for rows that still need work; makes every batch safe to run twice.
        expression: SQL of the new value, evaluated by the server.
        compute: `path/to/module.py:function`, relative to the repository root; gets one row as a mapping.
        reads: Stored names that `compute` reads, and that compare-and-set holds its result against.
        clear: Whether the target is set to NULL instead.
        agrees: SQL that is true for rows whose stored value is right; what `verify` samples and counts.
    """

    name: str
    table: str
    target: str
    guard: str
    namespace: str | None = None
    expression: str | None = None
    compute: str | None = None
    reads: tuple[str, ...] = ()
    clear: bool = False
    agrees: str | None = None


class _Operation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="do"):
    """What all operations share: the table that they touch."""

    table: str
    namespace: str | None = None


class AddField(_Operation, frozen=True, tag="add_field"):
    """Add a column as `field` says: its nullability and server default are those of *this* step."""

    field: Field


class DropField(_Operation, frozen=True, tag="drop_field"):
    """Drop a column. `field` is its full definition, for the way back.

    Where the application has kept another column in step with it, `successor` is that one, with the `conversion` to
    it and back: rows that it cannot express are saved first, and on the way back it gives the values again.
    """

    field: Field
    successor: Field | None = None
    conversion: Conversion | None = None


class RelaxField(_Operation, frozen=True, tag="relax_field"):
    """Let inserts leave the column out: no longer NOT NULL, or a server default where that is cheaper."""

    field: Field


class RequireField(_Operation, frozen=True, tag="require_field"):
    """Make the column NOT NULL without blocking writers."""

    field: Field


class ChangeFieldType(_Operation, frozen=True, tag="change_field_type"):
    """Change a column's type in place, where the backend does it without a rewrite."""

    before: Field
    after: Field


class ChangeServerDefault(_Operation, frozen=True, tag="change_server_default"):
    """Set or drop the default that the database applies."""

    field: Field
    before: Default | None = None
    after: Default | None = None


class CreateIndex(_Operation, frozen=True, tag="create_index"):
    """Build an index without blocking writers; an invalid leftover of the same name is rebuilt."""

    index: Index


class DropIndex(_Operation, frozen=True, tag="drop_index"):
    """Drop an index without blocking."""

    index: Index


class AddConstraint(_Operation, frozen=True, tag="add_constraint"):
    """Add a constraint: not valid first, then validated, where the backend has it."""

    constraint: Constraint


class DropConstraint(_Operation, frozen=True, tag="drop_constraint"):
    """Drop a constraint."""

    constraint: Constraint


class SyncFields(_Operation, frozen=True, tag="sync_fields"):
    """Keep two columns in step by triggers in both directions; `key` is the table's primary key.

    The rule is the comparison with OLD of `docs/triggers.md`; a rename has no `conversion`.
    """

    old: Field
    new: Field
    key: tuple[str, ...]
    conversion: Conversion | None = None


class UnsyncFields(_Operation, frozen=True, tag="unsync_fields"):
    """Drop the triggers of `SyncFields`; together with the drop of `dropped`, where that is set, in one go.

    Rows of the dropped column that the other one cannot express are saved first.
    """

    old: Field
    new: Field
    key: tuple[str, ...]
    conversion: Conversion | None = None
    dropped: Field | None = None


class CheckFilled(_Operation, frozen=True, tag="check_filled"):
    """Go on only when no row matches the guard of `work`; fill at most `limit` remaining rows in batches."""

    work: BackfillWork
    limit: int = 10_000


Operation: TypeAlias = (
    AddField
    | DropField
    | RelaxField
    | RequireField
    | ChangeFieldType
    | ChangeServerDefault
    | CreateIndex
    | DropIndex
    | AddConstraint
    | DropConstraint
    | SyncFields
    | UnsyncFields
    | CheckFilled
)
