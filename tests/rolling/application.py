"""One version of an application at work: the generated code of a deploy, on a connection of its own."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from rolling.versions import Version

Seen = dict[int, dict[str, object]]
"""What is read of each row, by column; the new field of a transition through its accessor."""


class Application:
    """The code of a deploy, as it works with the database."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.model, self.names = version.model, version.names
        self.table: sa.Table = self.model.__table__
        self.connection = version.engine.connect()

    def close(self) -> None:
        """Leave the database."""
        self.connection.close()

    def insert(self, key: int, values: dict[str, object]) -> None:
        """A new row through the ORM; `values` are by stored name."""
        with Session(self.connection) as session:
            row = self.model(id=key)
            session.add(row)
            for column, value in values.items():
                setattr(row, self.names[column], value)
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

    def write(self, key: int, column: str, value: object, *, lost: bool = False) -> None:
        """Load the row, set the field, flush; where it is lost, the transaction fails in the end."""
        with Session(self.connection) as session:
            setattr(session.get(self.model, key), self.names[column], value)
            session.flush()
            session.rollback() if lost else session.commit()

    def set(self, key: int, column: str, value: object) -> None:
        """Load the row and write the field by its generated setter."""
        with Session(self.connection) as session:
            self.version.setters[column](session.get(self.model, key), value)  # type: ignore[operator]  # from a generated module
            session.commit()

    def update(self, keys: list[int], column: str, value: object) -> None:
        """One UPDATE of several rows, without loading them."""
        with Session(self.connection) as session:
            statement = sa.update(self.model).where(self.model.id.in_(keys))
            session.execute(statement.values({self.names[column]: value}))
            session.commit()

    def compute(self, keys: list[int], column: str, value: object) -> None:
        """The same with a value that the database computes."""
        kind = getattr(self.model, self.names[column]).type
        self.update(keys, column, sa.cast(sa.literal(value), kind))

    def update_many(self, keys: list[int], column: str, value: object) -> None:
        """A list of rows by primary key, as one bulk UPDATE."""
        with Session(self.connection) as session:
            session.execute(sa.update(self.model), [{"id": key, self.names[column]: value} for key in keys])
            session.commit()

    def save(self, key: int) -> None:
        """Read the row and write every column back as it was read."""
        with self.connection.begin():
            found = (
                self.connection.execute(sa.select(self.table).where(self.table.c.id == key)).mappings().one()
            )
            values = {column: found[column] for column in self.table.c if column.name != "id"}
            self.connection.execute(self.table.update().where(self.table.c.id == key).values(values))

    def delete(self, key: int) -> None:
        """Delete the row."""
        with Session(self.connection) as session:
            session.delete(session.get(self.model, key))
            session.commit()

    def read(self, keys: Collection[int], columns: Collection[str]) -> Seen:
        """What this version sees in fields of rows: through the accessor where it has one, on rows and in queries."""
        expressions = self.version.expressions
        query = sa.select(self.model, *(expression() for expression in expressions.values()))  # type: ignore[operator]  # from a generated module
        found: Seen = {}
        with Session(self.connection) as session:
            for row, *values in session.execute(query.where(self.model.id.in_(keys))):
                found[row.id] = {column: self._field(row, column) for column in columns}
                for column, value in zip(expressions, values, strict=True):
                    assert value == found[row.id].get(column, value), (
                        f"row {row.id} reads otherwise in a query"
                    )
            session.rollback()
        return found

    def _field(self, row: object, column: str) -> object:
        reader = self.version.readers.get(column)
        return getattr(row, self.names[column]) if reader is None else reader(row)  # type: ignore[operator]  # from a generated module
