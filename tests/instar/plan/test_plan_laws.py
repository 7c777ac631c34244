"""What is true of every plan, whatever changes and however it is planned."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instar.changes.options import PlanOptions
from instar.errors import InstarError
from instar.plan import make_plan
from instar.schema.diff import diff
from instar.schema.migration import Migration
from instar.schema.model import Field, Schema, Table
from instar.schema.operations import Conversion, Operation, SyncFields, UnsyncFields
from instar.schema.renames import Rename
from instar.schema.types import BoolType, IntType, StringType
from instar.schema.virtual import applied, declared_after, schema_after, undone
from schemas import constant, field, index, schema, table, unique

BACKENDS = ("postgresql", "mariadb", "sqlite")
NAMES = ("a", "b", "c", "d")
TYPES = (StringType(length=20), StringType(length=80), IntType(), IntType(bits=64), BoolType())


def fields_named(name: str) -> st.SearchStrategy[Field]:
    return st.builds(
        field,
        st.just(name),
        st.sampled_from(TYPES),
        optional=st.booleans(),
        server_default=st.sampled_from([None, constant("'x'"), constant("0")]),
    )


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    fields = [draw(fields_named(name)) for name in names]
    indexes = tuple(index(f"ix_{name}", name) for name in draw(st.lists(st.sampled_from(names), unique=True)))
    uniques = tuple(
        unique(name, name=f"uq_{name}")
        for name in draw(st.lists(st.sampled_from(names), unique=True, max_size=1))
    )
    return table("t", *fields, indexes=indexes, constraints=uniques)


@st.composite
def stories(draw: st.DrawFn) -> tuple[Schema, Schema, list[Rename], str, PlanOptions]:
    """Two versions of a table, told renames among them, and everything that a user may say."""
    before, after = draw(tables()), draw(tables())
    old = {one.name for one in before.fields} - {"id"}
    new = {one.name for one in after.fields} - {"id"}
    gone, come = sorted(old - new), sorted(new - old)
    pairs = list(zip(gone, come, strict=False))
    renames = (
        [Rename("t", None, *pair) for pair in draw(st.lists(st.sampled_from(pairs), unique=True))]
        if pairs
        else []
    )
    every = [f"t.{name}" for name in (*NAMES, "*")]
    options = PlanOptions(
        conversions={name: Conversion(up="f", down="g") for name in every},
        fills=dict.fromkeys(every, "'filled'"),
        sync=draw(st.sampled_from(["trigger", "app"])),
        code_first=draw(st.booleans()),
        keep_column=draw(st.sampled_from([(), ("*",)])),
        ddl=draw(st.sampled_from(["before", "after"])),
    )
    return schema(before), schema(after), renames, draw(st.sampled_from(BACKENDS)), options


def plan_of(story: tuple[Schema, Schema, list[Rename], str, PlanOptions]) -> Migration:
    before, after, renames, backend, options = story
    return make_plan(before, after, diff(before, after, renames), backend=backend, options=options)


def sorted_parts(version: Schema) -> object:
    return [
        (t.key, sorted(map(repr, t.fields)), sorted(map(repr, t.indexes)), sorted(map(repr, t.constraints)))
        for t in version.tables
    ]


def stored(version: Schema) -> Schema:
    """What of a schema the database knows: nothing of the names and defaults in code."""
    replace = msgspec.structs.replace
    plain = {"attribute": "", "default": None, "onupdate": None}
    return replace(
        version,
        tables=tuple(
            replace(t, fields=tuple(replace(one, **plain) for one in t.fields)) for t in version.tables
        ),
    )


def rescued(synced: set[str], operation: Operation, backend: str) -> set[str]:
    """The old columns that triggers fill before the database looks at an insert: PostgreSQL's alone do it always."""
    match operation:
        case SyncFields() if backend == "postgresql":
            return synced | {operation.old.name}
        case UnsyncFields():
            return synced - {operation.old.name}
        case _:
            return synced


def failures(code: Schema, database: Schema, synced: set[str]) -> list[str]:
    """Why code that maps `code` fails on a database: a column that is not there, an insert that is refused."""
    found = []
    for mapped in code.tables:
        stored = database.table(mapped.name, mapped.namespace)
        assert stored is not None
        found += [f"{one.name} is mapped and gone" for one in mapped.fields if stored.field(one.name) is None]
        for column in stored.fields:
            free = column.optional or column.server_default or column.autoincrement or column.name in synced
            if mapped.field(column.name) is None and not free:
                found.append(f"{column.name} is required and not mapped")
    return found


@given(stories())
@settings(max_examples=300, deadline=None)
def test_each_deploy_keeps_the_code_on_both_sides_working(story):
    migration = plan_of(story)
    running = database = migration.before
    synced: set[str] = set()
    for deploy in migration.deploys:
        former = declared_after(migration, deploy.number - 1)
        for step in deploy.steps:
            if step.kind == "code":
                running = declared_after(migration, step.id)
            assert failures(running, database, synced) == [], step
            for operation in step.operations:
                database, synced = (
                    applied(database, (operation,)),
                    rescued(synced, operation, migration.backend),
                )
                assert failures(former, database, synced) == [], (step, operation)
                assert failures(running, database, synced) == [], (step, operation)


@given(stories())
@settings(max_examples=100, deadline=None)
def test_a_plan_ends_at_its_target_in_the_database_and_in_the_source(story):
    migration = plan_of(story)
    last = len(migration.deploys)
    database = schema_after(migration, last)
    assert sorted_parts(stored(database)) == sorted_parts(stored(migration.target))
    assert sorted_parts(declared_after(migration, last)) == sorted_parts(migration.target)


@given(stories())
@settings(max_examples=100, deadline=None)
def test_the_inverse_of_all_operations_gives_the_first_schema_back(story):
    migration = plan_of(story)
    operations = [act for step in migration.steps for act in step.operations]
    assert sorted_parts(undone(applied(migration.before, operations), operations)) == sorted_parts(
        migration.before
    )


@given(stories())
@settings(max_examples=40, deadline=None)
def test_the_same_input_gives_the_same_plan(story):
    assert plan_of(story) == plan_of(story)


@given(stories())
@settings(max_examples=100, deadline=None)
def test_every_change_is_planned_or_named_as_left_out(story):
    migration = plan_of(story)
    served = {number for step in migration.steps for number in step.changes}
    left_out = {one.change for one in migration.unplanned}
    assert served | left_out == set(range(len(migration.changes)))
    assert len({step.id for step in migration.steps}) == len(migration.steps)


def test_fields_that_swap_names_are_refused_with_the_way_out():
    before = schema(table("t", field("a"), field("b")))
    changes = diff(before, before, [Rename("t", None, "a", "b"), Rename("t", None, "b", "a")])
    with pytest.raises(InstarError, match="--keep-column"):
        make_plan(before, before, changes, backend="postgresql")
