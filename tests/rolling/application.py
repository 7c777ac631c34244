"""One version of an application: the code that a deploy of a plan leaves, on a connection of its own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session, registry

from instar.dialects.sqlalchemy.ddl.columns import sqlalchemy_type
from instar.dialects.sqlalchemy.in_step import in_step_module, kept_by_code
from instar.schema.migration import FieldAccess, Migration
from instar.schema.virtual import declared_after

TABLE = "items"


class Application:
    """The application after `version` deploys: it maps what the plan declares then, and nothing else."""

    def __init__(self, migration: Migration, version: int, url: str) -> None:
        self.version = version
        self.last = version == len(migration.deploys)
        declared = declared_after(migration, version).table(TABLE)
        assert declared is not None
        self.names = {field.name: field.code_name for field in declared.fields}
        self.optional = {field.name: field.optional for field in declared.fields}
        columns = [
            sa.Column(
                field.name,
                sqlalchemy_type(field.type),
                key=field.code_name,
                primary_key=field.name == "id",
                nullable=field.optional,
                autoincrement=False,
                server_default=None if field.server_default is None else sa.FetchedValue(),
            )
            for field in declared.fields
        ]
        self.table = sa.Table(TABLE, sa.MetaData(), *columns)
        self.model = type("Item", (), {})
        registry().map_imperatively(self.model, self.table)
        self.access = _access(migration, version)
        self.left_alone = _kept_by_code(migration, version, self.model)
        self._engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.connection = self._engine.connect()

    def close(self) -> None:
        """Leave the database."""
        self.connection.close()
        self._engine.dispose()

    def maps(self, column: str) -> bool:
        """Whether this version knows a column and works with it."""
        return column in self.names and column not in self.left_alone

    def insert(self, key: int, values: dict[str, object]) -> None:
        """A new row through the ORM; `values` are by stored name."""
        with Session(self.connection) as session:
            session.add(self._new(key, values))
            session.commit()

    def insert_many(self, rows: dict[int, dict[str, object]]) -> None:
        """Several new rows by one INSERT of the mapped class."""
        given = [
            {"id": key} | {self.names[column]: value for column, value in values.items()}
            for key, values in rows.items()
        ]
        with Session(self.connection) as session:
            session.execute(sa.insert(self.model), given)
            session.commit()

    def update_many(self, keys: list[int], column: str, value: object) -> None:
        """A list of rows by primary key, as one bulk UPDATE."""
        with Session(self.connection) as session:
            session.execute(sa.update(self.model), [{"id": key, self.names[column]: value} for key in keys])
            session.commit()

    def _new(self, key: int, values: dict[str, object]) -> object:
        row = self.model()
        row.id = key
        for column, value in values.items():
            setattr(row, self.names[column], value)
        return row

    def write(self, key: int, column: str, value: object) -> None:
        """Load the row, set the field, flush."""
        with Session(self.connection) as session:
            setattr(session.get(self.model, key), self.names[column], value)
            session.commit()

    def update(self, keys: list[int], column: str, value: object) -> None:
        """One UPDATE of several rows, without loading them."""
        with Session(self.connection) as session:
            statement = sa.update(self.model).where(self.table.c.id.in_(keys))
            session.execute(statement.values({self.names[column]: value}))
            session.commit()

    def save(self, key: int) -> None:
        """Read the row and write every column back as it was read."""
        with self.connection.begin():
            found = (
                self.connection.execute(sa.select(self.table).where(self.table.c.id == key)).mappings().one()
            )
            values = {name: found[self.table.c[name]] for name in self.names.values() if name != "id"}
            self.connection.execute(self.table.update().where(self.table.c.id == key).values(values))

    def delete(self, key: int) -> None:
        """Delete the row."""
        with Session(self.connection) as session:
            session.delete(session.get(self.model, key))
            session.commit()

    def read(self, key: int, column: str) -> object:
        """What this version sees in a field, through its accessor where it has one."""
        with Session(self.connection) as session:
            row = session.get(self.model, key)
            assert row is not None, f"version {self.version} does not find row {key}"
            value = getattr(row, self.names[column])
            access = self.access.get(column)
            session.rollback()
            return value if value is not None or access is None else self._fallback(session, key, access)

    def _fallback(self, session: Session, key: int, access: FieldAccess) -> object:
        """The accessor of a field that is not filled yet: the old one converted, else the user's default."""
        if access.old is not None:
            old = session.execute(
                sa.select(self.table.c[access.old.code_name]).where(self.table.c.id == key)
            ).scalar_one()
            if access.conversion is None:
                return old
            return dict(access.conversion.mapping).get(old, access.conversion.up_default)
        if access.default is None:
            return None
        found = session.execute(
            sa.select(sa.literal_column(access.default.text))
            .select_from(self.table)
            .where(self.table.c.id == key)
        ).scalar_one()
        session.rollback()
        return found


def _access(migration: Migration, version: int) -> dict[str, FieldAccess]:
    """The accessors of a version, by the stored name of their field."""
    found: dict[str, FieldAccess] = {}
    for deploy in migration.deploys[:version]:
        for step in deploy.steps:
            for access in step.access:
                if access.mode == "fallback":
                    found[access.field.name] = access
                else:
                    found.pop(access.field.name, None)
    return found


def _kept_by_code(migration: Migration, version: int, model: type) -> set[str]:
    """Register the generated listeners where there are some; the columns that they write and this code does not."""
    live: dict[str, FieldAccess] = {}
    for deploy in migration.deploys[:version]:
        for step in deploy.steps:
            live.update({access.field.name: access for access in step.access})
    kept = [access for access in live.values() if kept_by_code(access)]
    if not kept:
        return set()
    module: dict[str, object] = {}
    exec(compile(in_step_module(migration, kept), "in_step.py", "exec"), module)
    module["in_step"](model)  # type: ignore[operator]  # the decorator
    return {
        access.field.name if access.mode == "read_old" else access.old.name
        for access in kept
        if access.old is not None
    }
