"""What a revision is made of: pieces of SQL, each with the way in which it has to run.

A backend turns an operation into acts; the templates of the revision turn each kind of act into one call.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from instar.schema.model import ConstraintKind
from instar.schema.operations import BackfillWork


class _Act(msgspec.Struct, frozen=True, kw_only=True, tag_field="act"):
    """Shared configuration. `why` is the comment above the call."""

    why: str = ""


class Run(_Act, frozen=True, tag="run"):
    """Statements that take a strong lock for a moment, in one transaction of their own.

    Attributes:
        statements: Run in order; each can run twice without harm where the backend commits it at once.
        lock: A quoted table to be write-locked meanwhile, on a backend without transactional DDL.
    """

    statements: tuple[str, ...]
    lock: str | None = None


class Online(_Act, frozen=True, tag="online"):
    """One long statement that lets readers and writers go on, outside any transaction.

    Attributes:
        statement: What runs.
        leftover: The regclass text of an index that a failed build may have left behind, invalid.
    """

    statement: str
    leftover: str | None = None


class Nullable(_Act, frozen=True, tag="nullable"):
    """Whether a column may be NULL, where the backend wants the whole definition again: it is read from the database.

    Attributes:
        table: The plain table name, and `namespace` its schema.
        column: The plain name of the column.
        nullable: What it becomes.
    """

    table: str
    namespace: str | None
    column: str
    nullable: bool


class Unnamed(_Act, frozen=True, tag="unnamed"):
    """The drop of a constraint that the database named itself.

    Attributes:
        table: The plain table name, and `namespace` its schema.
        kind: What it is.
        columns: The plain names of its columns in order; of a check, any one that it names.
    """

    table: str
    namespace: str | None
    kind: ConstraintKind
    columns: tuple[str, ...]


class Rebuild(_Act, frozen=True, tag="rebuild"):
    """A change that SQLite makes by copying the table.

    Attributes:
        table: The plain table name.
        calls: Methods of Alembic's batch operations, as Python source.
        native: The same as statements, for a SQLite that can; empty where none can.
        since: The first version that can.
        without: Columns that the copy leaves out, with whatever names them: keys, uniques, checks.
    """

    table: str
    calls: tuple[str, ...]
    native: tuple[str, ...] = ()
    since: tuple[int, int] = (3, 53)
    without: tuple[str, ...] = ()


class Fill(_Act, frozen=True, tag="fill"):
    """Rows that must hold a value before the next act: filled here when they are few.

    Attributes:
        work: The backfill that should have done it.
        table: The quoted table.
        key: The quoted primary key columns.
        plain_key: The same, as rows name them.
        limit: How many rows it fills at most; None for any number.
    """

    work: BackfillWork
    table: str
    key: tuple[str, ...]
    plain_key: tuple[str, ...]
    limit: int | None


class Save(_Act, frozen=True, tag="save"):
    """Values that the remaining column cannot express, kept in a table of their own before they go.

    Attributes:
        table: The plain table name, and `namespace` its schema.
        column: The plain name of the column that goes.
        into: The quoted name of the table that keeps them.
        query: Which rows: the primary key and the value.
    """

    table: str
    namespace: str | None
    column: str
    into: str
    query: str


class Restore(_Act, frozen=True, tag="restore"):
    """Values that were kept aside, put back where anything was.

    Attributes:
        saved: The plain name of the table that keeps them, and `namespace` its schema.
        statements: What puts them back and takes that table away.
    """

    saved: str
    namespace: str | None
    statements: tuple[str, ...]


class Note(_Act, frozen=True, tag="note"):
    """Nothing to run, and why."""


class Refuse(_Act, frozen=True, tag="refuse"):
    """Cannot be undone: the revision raises, with this sentence."""

    reason: str


Act: TypeAlias = Run | Online | Nullable | Unnamed | Rebuild | Fill | Save | Restore | Note | Refuse
