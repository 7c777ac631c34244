"""The triggers that keep two columns in step while old and new code write side by side.

The rule, the same on every backend: a row compares each column with its former value. Where the new column
changed, the old one follows, unless it agrees already; where it did not, the new one follows a changed old
one, and is filled when it is still empty. Neither changed: nothing happens, so that a value which the other
column cannot express survives an unrelated save. `docs/triggers.md` has the measurements behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.conversion import converted, differs
from instar.dialects.sqlalchemy.ddl.columns import type_sql
from instar.dialects.sqlalchemy.ddl.names import joined, object_name, quoted, table_name
from instar.schema.types import (
    BoolType,
    BytesType,
    DecimalType,
    EnumType,
    FloatType,
    IntType,
    NativeType,
    StringType,
)

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.ddl.names import Backend
    from instar.schema.model import Field
    from instar.schema.operations import SyncFields, UnsyncFields


class Pair:
    """Two columns in step, with every name that their triggers need, quoted for one backend."""

    def __init__(self, operation: SyncFields | UnsyncFields, backend: Backend) -> None:
        self.backend = backend
        self.old, self.new = operation.old, operation.new
        self.conversion = operation.conversion
        self.key = operation.key
        self.namespace = operation.namespace
        self.plain_table = operation.table
        self.table = table_name(operation.table, operation.namespace, backend)
        self.o, self.n = quoted(self.old.name, backend), quoted(self.new.name, backend)

    def named(self, prefix: str, suffix: str = "") -> str:
        """The quoted name of something that serves this pair."""
        parts = (prefix, self.plain_table, self.new.name) + ((suffix,) if suffix else ())
        return quoted(object_name(*parts), self.backend)

    def qualified(self, name: str) -> str:
        """A quoted name in the namespace of the table."""
        return f"{quoted(self.namespace, self.backend)}.{name}" if self.namespace else name

    def up(self, value: str) -> str:
        """What the new column should hold for this value of the old one."""
        return converted(self.conversion, "up", self.old, value, self.backend)

    def down(self, value: str) -> str:
        """What the old column should hold for this value of the new one."""
        return converted(self.conversion, "down", self.new, value, self.backend)

    def new_differs(self, one: str, other: str) -> str:
        """Whether two values of the new column differ."""
        return differs(one, other, self.new, self.backend)

    def old_differs(self, one: str, other: str) -> str:
        """Whether two values of the old column differ."""
        return differs(one, other, self.old, self.backend)


def create_triggers(pair: Pair) -> tuple[str, ...]:
    """The statements that start keeping the pair in step; each can run again."""
    match pair.backend:
        case "postgresql":
            return _postgresql(pair)
        case "mariadb":
            return _mariadb(pair)
        case "sqlite":
            return _sqlite(pair)


def drop_triggers(pair: Pair) -> tuple[str, ...]:
    """The statements that stop it, to be run before either column goes."""
    if pair.backend == "postgresql":
        return tuple(
            f"DROP TRIGGER IF EXISTS {pair.named('zz_instar_sync', suffix)} ON {pair.table}"
            for suffix in ("ins", "upd")
        )
    return tuple(
        f"DROP TRIGGER IF EXISTS {pair.qualified(pair.named('instar_sync', suffix))}"
        for suffix in ("ins", "upd")
    )


def drop_remains(pair: Pair) -> tuple[str, ...]:
    """What the triggers leave behind: their function, or their guard table."""
    match pair.backend:
        case "postgresql":
            return (f"DROP FUNCTION IF EXISTS {pair.qualified(pair.named('instar_sync'))}()",)
        case "sqlite":
            return (f"DROP TABLE IF EXISTS {pair.qualified(pair.named('instar_sync'))}",)
        case "mariadb":
            return ()


def _postgresql(pair: Pair) -> tuple[str, ...]:
    """One function; BEFORE triggers named to fire last, since PostgreSQL fires them by name."""
    function = pair.qualified(pair.named("instar_sync"))
    own_types = any(isinstance(f.type, (EnumType, NativeType)) for f in (pair.old, pair.new))
    own_sql = pair.conversion is not None and bool(pair.conversion.up or pair.conversion.down)
    path = "" if own_types or own_sql else " SET search_path = pg_catalog, pg_temp"
    new, old, up = f"NEW.{pair.n}", f"NEW.{pair.o}", "instar_image"
    body = f"""\
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger
LANGUAGE plpgsql{path} AS $instar$
DECLARE
  instar_image {type_sql(pair.new, pair.backend)} := {pair.up(old)};
BEGIN
  IF TG_OP = 'INSERT' AND {new} IS NULL THEN
    {new} := instar_image;
  ELSIF TG_OP = 'INSERT' OR {pair.new_differs(new, f"OLD.{pair.n}")} THEN
    IF {new} IS NULL THEN
      {old} := NULL;
    ELSIF {pair.new_differs(up, new)} THEN
      {old} := {pair.down(new)};
    END IF;
  ELSIF {pair.old_differs(old, f"OLD.{pair.o}")} OR {new} IS NULL THEN
    {new} := instar_image;
  END IF;
  RETURN NEW;
END $instar$"""
    moved = "\n    OR ".join(
        (
            pair.new_differs(new, f"OLD.{pair.n}"),
            pair.old_differs(old, f"OLD.{pair.o}"),
            f"{new} IS NULL",
        )
    )
    triggers = tuple(
        f"CREATE TRIGGER {pair.named('zz_instar_sync', suffix)} BEFORE {event} ON {pair.table} "
        f"FOR EACH ROW{when} EXECUTE FUNCTION {function}()"
        for suffix, event, when in (("ins", "INSERT", ""), ("upd", "UPDATE", f"\n  WHEN ({moved})\n "))
    )
    return (body, *drop_triggers(pair), *triggers)


def _mariadb(pair: Pair) -> tuple[str, ...]:
    """Two BEFORE triggers: MariaDB has no INSERT OR UPDATE."""
    new, old = f"NEW.{pair.n}", f"NEW.{pair.o}"
    follow = f"""\
IF {new} IS NULL THEN
      SET {old} = NULL;
    ELSEIF {old} IS NULL OR {pair.new_differs(pair.up(old), new)} THEN
      SET {old} = {pair.down(new)};
    END IF"""
    implicit = _implicit(pair.old)
    omitted = f"{old} IS NULL" + (f" OR {old} = {implicit}" if implicit else "")
    insert = f"""\
CREATE OR REPLACE TRIGGER {pair.qualified(pair.named("instar_sync", "ins"))}
BEFORE INSERT ON {pair.table} FOR EACH ROW
BEGIN
  IF {new} IS NULL THEN
    IF {old} IS NOT NULL THEN
      SET {new} = {pair.up(old)};
    END IF;
  ELSEIF {omitted} OR {pair.new_differs(pair.up(old), new)} THEN
    SET {old} = {pair.down(new)};
  END IF;
END"""
    update = f"""\
CREATE OR REPLACE TRIGGER {pair.qualified(pair.named("instar_sync", "upd"))}
BEFORE UPDATE ON {pair.table} FOR EACH ROW
BEGIN
  IF {pair.new_differs(new, f"OLD.{pair.n}")} THEN
    {follow};
  ELSEIF {pair.old_differs(old, f"OLD.{pair.o}")} OR {new} IS NULL THEN
    SET {new} = {pair.up(old)};
  END IF;
END"""  # noqa: S608 - names are quoted
    return (insert, update)


def _implicit(field: Field) -> str | None:
    """What MariaDB may show of a NOT NULL column that an INSERT of several rows leaves out, in place of NULL."""
    match field.type:
        case StringType() | BytesType():
            return "''"
        case IntType() | FloatType() | DecimalType() | BoolType():
            return "0"
        case _:
            return None


def _sqlite(pair: Pair) -> tuple[str, ...]:
    """AFTER triggers that update the row again; a guard table keeps their own update from firing them."""
    guard = pair.qualified(pair.named("instar_sync"))
    bare_guard, table = pair.named("instar_sync"), quoted(pair.plain_table, pair.backend)
    new, old, was_new, was_old = f"NEW.{pair.n}", f"NEW.{pair.o}", f"OLD.{pair.n}", f"OLD.{pair.o}"
    key = pair.key or ("rowid",)
    row = " AND ".join(
        f"{joined((name,), pair.backend)} = NEW.{joined((name,), pair.backend)}" for name in key
    )
    idle = f"NOT EXISTS (SELECT 1 FROM {bare_guard})"  # noqa: S608 - names are quoted
    insert = f"""\
CREATE TRIGGER {pair.qualified(pair.named("instar_sync", "ins"))}
AFTER INSERT ON {table}
WHEN {idle}
  AND {pair.new_differs(pair.up(old), new)}
BEGIN
  INSERT INTO {bare_guard} VALUES (1);
  UPDATE {table} SET
    {pair.o} = CASE WHEN {new} IS NULL THEN {old} ELSE {pair.down(new)} END,
    {pair.n} = CASE WHEN {new} IS NULL THEN {pair.up(old)} ELSE {new} END
  WHERE {row};
  DELETE FROM {bare_guard};
END"""  # noqa: S608 - names are quoted
    changed = pair.new_differs(new, was_new)
    update = f"""\
CREATE TRIGGER {pair.qualified(pair.named("instar_sync", "upd"))}
AFTER UPDATE ON {table}
WHEN {idle} AND (
     ({changed} AND {pair.new_differs(pair.up(old), new)})
  OR (NOT ({changed})
      AND ({pair.old_differs(old, was_old)} OR ({new} IS NULL AND {old} IS NOT NULL))))
BEGIN
  INSERT INTO {bare_guard} VALUES (1);
  UPDATE {table} SET
    {pair.o} = CASE WHEN NOT ({changed}) THEN {old}
      WHEN {new} IS NULL THEN NULL ELSE {pair.down(new)} END,
    {pair.n} = CASE WHEN {changed} THEN {new} ELSE {pair.up(old)} END
  WHERE {row};
  DELETE FROM {bare_guard};
END"""  # noqa: S608 - names are quoted
    return (f"CREATE TABLE IF NOT EXISTS {guard} (one INTEGER)", *drop_triggers(pair), insert, update)
