"""The changes that are carried out under traffic: schemas before and after, and what reads must return."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as attribute

from instar.plan import PlanOptions, make_plan
from instar.schema.diff import diff
from instar.schema.migration import Migration
from instar.schema.model import Constraint, Default, Field, Schema, Table
from instar.schema.operations import Conversion
from instar.schema.renames import Rename
from instar.schema.types import StringType
from rolling.expectation import AppPair, Dropped, Filled, Pair, Value
from schema_parts import INT, field, index, table

KEY = Constraint(kind="primary_key", fields=("id",))
BASE = (field("id", INT), field("tag"))
LEVELS = ("low", "medium", "high", "urgent", "HIGH")
SCALE = {"low": 1, "medium": 2, "high": 3}
NAMES = {1: "low", 2: "medium", 3: "high"}
WORDS = ("Ann", "Bob", "bob", "o'Neil", "ü", " x ", "")


@dataclass(frozen=True)
class Case:
    """One change.

    Attributes:
        before: The fields and indexes of the table besides `id` and `tag`.
        after: The same afterwards.
        expect: Makes the model.
        old_values: What old code writes.
        new_values: What new code writes.
        nulls: Whether a version may write NULL: by version, and whether it is the last one.
        files: More files of the application.
    """

    before: tuple[object, ...]
    after: tuple[object, ...]
    expect: Callable[[], Pair | Filled]
    old_values: tuple[Value, ...] = WORDS
    new_values: tuple[Value, ...] = WORDS
    nulls: Callable[[int, bool], bool] = lambda version, last: False
    rename: Rename | None = None
    options: PlanOptions = attribute(default_factory=PlanOptions)
    files: dict[str, str] = attribute(default_factory=dict)

    def plan(self, backend: str) -> Migration:
        """The plan of this change on a backend."""
        before, after = _schema(*self.before), _schema(*self.after)
        changes = diff(before, after, [self.rename] if self.rename else [])
        return make_plan(before, after, changes, name="change", backend=backend, options=self.options)

    def value(self, chance: random.Random, column: str, *, version: int, last: bool) -> Value:
        """Something that a version may write into a column."""
        if self.nulls(version, last) and chance.random() < 0.25:
            return None
        return chance.choice(self.new_values if column == self.expect().new else self.old_values)


def _schema(*parts: object) -> Schema:
    made: Table = table("items", *BASE, *parts, KEY)  # type: ignore[arg-type]  # parts of a table
    return Schema(dialect="sqlalchemy", tables=(made,))


def _same(value: Value) -> Value:
    return value


def _pair(options: dict[str, object]) -> type[Pair]:
    return AppPair if options.get("sync") == "app" else Pair


def _rename(old: Field, new: Field, **options: object) -> Case:
    optional = old.optional and new.optional
    return Case(
        before=(old,),
        after=(new,),
        expect=lambda: _pair(options)(old.name, new.name, _same, _same),
        rename=Rename(table="items", namespace=None, old=old.name, new=new.name),
        nulls=lambda version, last: optional,
        options=PlanOptions(**options),
    )


def _retype(back: str | None = "medium", *, optional: bool = False, **options: object) -> Case:
    conversion = Conversion(mapping=tuple(SCALE.items()), up_default=0, down_default=back)
    return Case(
        before=(field("level", optional=optional),),
        after=(field("level", INT, optional=optional),),
        expect=lambda: _pair(options)(
            "level", "level_v2", lambda o: SCALE.get(str(o), 0), lambda n: NAMES.get(n, back)
        ),
        old_values=LEVELS,
        new_values=(0, 1, 2, 3, 4),
        nulls=lambda version, last: optional,
        options=PlanOptions(conversions={"items.level": conversion}, **options),
    )


SIZE = """\
from collections.abc import Mapping
from typing import Any


def size(row: Mapping[str, Any]) -> int:
    return int(row["id"]) + 100
"""

CASES: dict[str, Case] = {
    "add an optional field": Case(
        (),
        (field("extra", optional=True),),
        lambda: Filled("extra", lambda key: None),
        nulls=lambda version, last: True,
    ),
    "add a required field, constant": Case(
        (),
        (field("size", INT, server_default=Default(text="7", constant=True)),),
        lambda: Filled("size", lambda key: 7),
        new_values=(1, 2, 3),
    ),
    "add a required field, filled": Case(
        (),
        (field("size", INT),),
        lambda: Filled("size", lambda key: key + 100),
        new_values=(1, 2, 3),
        options=PlanOptions(fills={"items.size": "id + 100"}),
    ),
    "add a required field, computed": Case(
        (),
        (field("size", INT),),
        lambda: Filled("size", lambda key: key + 100),
        new_values=(1, 2, 3),
        options=PlanOptions(computes={"items.size": "shop/sizes.py:size"}),
        files={"shop/sizes.py": SIZE},
    ),
    "remove a field": Case((field("name"),), (), lambda: Dropped("name", lambda key: None)),
    "rename": _rename(field("name"), field("label")),
    "rename a nullable field": _rename(field("name", optional=True), field("label", optional=True)),
    "rename, code first": _rename(field("name"), field("label"), code_first=True),
    "rename, keeping the column": Case(
        (field("name"),),
        (field("label"),),
        lambda: Filled("name", lambda key: None),
        rename=Rename(table="items", namespace=None, old="name", new="label"),
        options=PlanOptions(keep_column=("*",)),
    ),
    "change a type": _retype(),
    "change a type of a nullable field": _retype(optional=True),
    "change a type of a nullable field, in the application": _retype(optional=True, sync="app"),
    "widen a type in place": Case(
        (field("name", StringType(length=20)),),
        (field("name", StringType(length=60)),),
        lambda: Filled("name", lambda key: None),
    ),
    "change a type, code first": _retype(code_first=True),
    "rename, in the application": _rename(field("name"), field("label"), sync="app"),
    "rename a nullable field, in the application": _rename(
        field("name", optional=True), field("label", optional=True), sync="app"
    ),
    "change a type, in the application": _retype(sync="app"),
    "change a type without a way back": _retype(None),
    "change a type without a way back, in the application": _retype(None, sync="app"),
    "make required": Case(
        (field("name", optional=True),),
        (field("name"),),
        lambda: Filled("name", lambda key: "none"),
        nulls=lambda version, last: version == 0,
        options=PlanOptions(fills={"items.name": "'none'"}),
    ),
    "make optional": Case(
        (field("name"),),
        (field("name", optional=True),),
        lambda: Filled("name", lambda key: None),
        nulls=lambda version, last: last,
    ),
    "add an index": Case(
        (field("name"),),
        (field("name"), index("by_name", "name")),
        lambda: Filled("name", lambda key: None),
    ),
    "change an index": Case(
        (field("name"), index("by_name", "name")),
        (field("name"), index("by_name_and_tag", "name", "tag")),
        lambda: Filled("name", lambda key: None),
    ),
    "redefine an index": Case(
        (field("name"), index("by_name", "name")),
        (field("name"), index("by_name", "name", "tag")),
        lambda: Filled("name", lambda key: None),
    ),
    "drop an index": Case(
        (field("name"), index("by_name", "name")),
        (field("name"),),
        lambda: Filled("name", lambda key: None),
    ),
}
