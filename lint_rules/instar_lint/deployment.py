"""What is deployed where, against what the code declares: the one thing that rules know besides facts.

A `Deployment` is plain data with lookups. `versions.py` builds it from two schema versions, `in_flight.py` from
committed migrations and the recorded state of environments.
"""

from __future__ import annotations

import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar.schema.change import Change
from instar.schema.model import Field, Schema, Table
from instar_lint.coverage import AccessPath, paths_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.schema.change import FieldChange
    from instar_lint.facts import FieldUse

TableKey: TypeAlias = tuple[str | None, str]
FieldState: TypeAlias = Literal[
    "removed",  # code no longer maps it
    "leaving",  # still mapped, and a migration takes it away
    "unfilled",  # arriving, and existing rows have no value yet
]


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which change says so, for the end of a message.

    Attributes:
        before: The label of the version that has the old state, such as `main (3f2c1a9)`.
        after: The label of the version that the code is at.
        migration: The name of the migration that carries the change, where there is one.
        deploy: Its deploy that must come first.
    """

    before: str
    after: str
    migration: str | None = None
    deploy: int | None = None

    @property
    def since(self) -> str:
        """`with display-names`, or `between main (3f2c1a9) and WORKTREE`."""
        return f"with {self.migration}" if self.migration else f"between {self.before} and {self.after}"

    @property
    def next_step(self) -> str:
        """What to ship before the code that needs it."""
        if self.migration is None:
            return "deploy the schema change on its own first"
        return f"ship deploy {self.deploy or 1} of {self.migration} first"


class FieldInFlight(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One field on its way in or out.

    Attributes:
        table: The stored name of its table.
        field: Its definition in the version that has it.
        state: Where it stands.
        names: What code calls it: the attributes of all classes that map it. Empty where every such name survives
            as something else, so that only its stored name is gone.
        origin: Which change says so.
        namespace: The table's namespace where it is not the default one.
        environments: Where that is so.
        successor: The other side of a rename or a change of type.
        synced: Whether the database keeps both sides in step.
        kept: Whether generated listeners do, for what sessions flush and execute.
        accessor: The accessor that reads it safely, such as `app.accessors.users.display_name`.
        expression: The accessor's SQL expression of it.
        convertible: Whether one side's value can be written to the other as it is, as in a rename.
        unmap_now: Whether the code that maps it must go before anything else may ship.
    """

    table: str
    field: Field
    state: FieldState
    names: frozenset[str]
    origin: Origin
    namespace: str | None = None
    environments: tuple[str, ...] = ()
    successor: Field | None = None
    synced: bool = False
    kept: bool = False
    accessor: str = ""
    expression: str = ""
    convertible: bool = False
    unmap_now: bool = False

    @property
    def key(self) -> TableKey:
        """Its table."""
        return (self.namespace, self.table)

    @property
    def title(self) -> str:
        """`users.user_name`, with the namespace where there is one."""
        return ".".join(part for part in (self.namespace, self.table, self.field.name) if part)

    def is_named(self, use: FieldUse) -> bool:
        """Whether the code calls it so at a use of its table, or of a table that is not known."""
        if use.table is not None and (use.namespace, use.table) != self.key:
            return False
        if use.field or use.stored:
            return (use.field or use.name) == self.field.name
        return use.name in self.names


class Environment(msgspec.Struct, frozen=True, kw_only=True):
    """A place where a schema is deployed: a recorded environment, or the version that counts as deployed."""

    name: str
    schema: Schema
    recorded: bool = True
    as_of: dt.datetime | None = None

    @property
    def dated(self) -> str:
        """`production (as of 2026-11-26 11:19 UTC)`; the name alone where nobody recorded a time."""
        if self.as_of is None:
            return self.name
        return f"{self.name} (as of {self.as_of.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC)"


class Deployment(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What is deployed, what is declared, and what is between them.

    Attributes:
        declared: The schema of the version that is linted.
        environments: Where what is deployed; one without a record where nothing is recorded.
        target: The schema after the last pending contract; `declared` where no migration is in flight.
        base: The schema that `changes` start from, where there are any.
        fields: What is on its way.
        filled: Fields, by table key and stored name, that a revision of the linted version fills itself.
        changes: The differences between `base` and `declared` that no migration carries.
        configured: Whether the project is set up for instar, so that its runner is there to be used.
        origin: Which change says so, for everything but fields.
        index_origins: The same for an index that a migration builds, by table key and name.
        backend: The database in production, where known.
        large_tables: Tables whose unindexed filters are worth a finding.
        generated: The revisions that migrations generated, whose gates hold what a rule would.
    """

    declared: Schema
    environments: tuple[Environment, ...]
    target: Schema
    origin: Origin
    base: Schema | None = None
    fields: tuple[FieldInFlight, ...] = ()
    filled: frozenset[tuple[TableKey, str]] = frozenset()
    configured: bool = False
    changes: tuple[Change, ...] = ()
    index_origins: dict[tuple[TableKey, str | None], Origin] = {}
    backend: str | None = None
    large_tables: tuple[str, ...] = ()
    generated: frozenset[str] = frozenset()

    @cached_property
    def _tables(self) -> dict[tuple[int, TableKey], Table]:
        base = (self.base,) if self.base is not None else ()
        schemas = (self.declared, self.target, *base, *(e.schema for e in self.environments))
        return {(id(schema), table.key): table for schema in schemas for table in schema.tables}

    def table(self, schema: Schema, key: TableKey) -> Table | None:
        """The table of one of this deployment's schemas."""
        return self._tables.get((id(schema), key))

    def _paths(self, schema: Schema, key: TableKey) -> tuple[AccessPath, ...]:
        known, at = self._known_paths, (id(schema), key)
        if at not in known:
            table = self.table(schema, key)
            known[at] = paths_of(table) if table else ()
        return known[at]

    @cached_property
    def _known_paths(self) -> dict[tuple[int, TableKey], tuple[AccessPath, ...]]:
        return {}

    def declared_paths(self, key: TableKey) -> tuple[AccessPath, ...]:
        """The access paths that the linted version declares on a table."""
        return self._paths(self.declared, key)

    def deployed_paths(self, environment: Environment, key: TableKey) -> tuple[AccessPath, ...]:
        """The access paths that an environment has on a table."""
        return self._paths(environment.schema, key)

    def target_paths(self, key: TableKey) -> tuple[AccessPath, ...]:
        """The access paths that remain after the last pending contract."""
        return self._paths(self.target, key)

    def undeployed_paths(self, environment: Environment, key: TableKey) -> tuple[AccessPath, ...]:
        """Declared paths that an environment does not have, whatever their names; none of a table that it lacks."""
        if self.table(environment.schema, key) is None:
            return ()
        have = {(path.keys, path.unique) for path in self.deployed_paths(environment, key)}
        return tuple(path for path in self.declared_paths(key) if (path.keys, path.unique) not in have)

    def leaving_paths(self, environment: Environment, key: TableKey) -> tuple[AccessPath, ...]:
        """Deployed paths that are gone once the pending change is through."""
        table = self.table(self.target, key)
        if table is None or table.open:
            return ()
        stay = {(path.keys, path.unique) for path in self.target_paths(key)}
        return tuple(p for p in self.deployed_paths(environment, key) if (p.keys, p.unique) not in stay)

    def is_filled(self, change: FieldChange) -> bool:
        """Whether a revision of the linted version fills the field of a change."""
        return ((change.namespace, change.table), change.field) in self.filled

    def lacks_index(self, environment: Environment, key: TableKey, name: str) -> bool:
        """Whether an index or a unique constraint of that name is declared, and the environment cannot use it."""
        return _has_index(self.table(self.declared, key), name) and not _has_index(
            self.table(environment.schema, key), name, usable=True
        )

    def loses_index(self, environment: Environment, key: TableKey, name: str) -> bool:
        """Whether an environment can use an index or a unique constraint of that name, until the pending change is through."""
        target = self.table(self.target, key)
        if target is None or target.open or _has_index(target, name, usable=True):
            return False
        return _has_index(self.table(environment.schema, key), name, usable=True)

    def knows_index(self, key: TableKey, name: str) -> bool:
        """Whether any version of the table has an index of that name."""
        versions = (self.declared, self.target, *(e.schema for e in self.environments))
        tables = [table for schema in versions if (table := self.table(schema, key))]
        return any(name in {i.name for i in t.indexes} | {c.name for c in t.constraints} for t in tables)

    def index_origin(self, key: TableKey, name: str | None) -> Origin:
        """Which change brings an index."""
        return self.index_origins.get((key, name), self.origin)

    def fields_named(self, use: FieldUse) -> Iterator[FieldInFlight]:
        """The fields in flight that a use may mean."""
        for candidate in self._by_name.get(use.field or use.name, ()):
            if candidate.is_named(use):
                yield candidate

    @cached_property
    def _by_name(self) -> dict[str, list[FieldInFlight]]:
        found: dict[str, list[FieldInFlight]] = {}
        for one in self.fields:
            for name in {*one.names, one.field.name}:
                found.setdefault(name, []).append(one)
        return found

    def fields_of(self, key: TableKey, *states: FieldState) -> tuple[FieldInFlight, ...]:
        """The fields in flight of a table, in these states."""
        return tuple(one for one in self.fields if one.key == key and one.state in states)

    def new_fields(self, key: TableKey) -> tuple[Field, ...]:
        """The declared fields of a table that some environment does not have yet; none of a table that it lacks."""
        declared = self.table(self.declared, key)
        deployed = [table for one in self.environments if (table := self.table(one.schema, key)) is not None]
        fields = declared.fields if declared is not None else ()
        return tuple(field for field in fields if any(table.field(field.name) is None for table in deployed))

    def is_unfilled(self, one: FieldInFlight, field: Field) -> bool:
        """Whether another field of the same table still waits for its backfill."""
        return any(other.field.name == field.name for other in self.fields_of(one.key, "unfilled"))

    @property
    def quiet(self) -> bool:
        """Whether nothing is in flight, so that no code needs to be read at all."""
        return not self.fields and not self.changes and not self._lacking() and not self.large_tables

    def _lacking(self) -> bool:
        return any(
            self.undeployed_paths(environment, table.key)
            for environment in self.environments
            for table in self.declared.tables
        )


def _has_index(table: Table | None, name: str, *, usable: bool = False) -> bool:
    if table is None:
        return False
    indexes = {i.name for i in table.indexes if not usable or (i.valid and not i.staged)}
    return name in indexes | {c.name for c in table.constraints if c.kind in ("primary_key", "unique")}
