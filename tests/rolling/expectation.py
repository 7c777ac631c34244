"""What each read must return: a model of the field in transition, apart from any database."""

from __future__ import annotations

from collections.abc import Callable, Hashable

Value = Hashable
ANY = object()
"""A read that may return anything."""


class Pair:
    """Two columns in step: `up` and `down` are total, and neither need be the other's inverse."""

    def __init__(
        self, old: str, new: str, up: Callable[[Value], Value], down: Callable[[Value], Value]
    ) -> None:
        self.old, self.new = old, new
        self._up, self._down = up, down
        self.rows: dict[int, tuple[Value, Value]] = {}

    def _image(self, value: Value) -> Value:
        return None if value is None else self._up(value)

    def _back(self, value: Value) -> Value:
        return None if value is None else self._down(value)

    def representable(self, old: Value) -> Value:
        """A new value that goes to the old column and back unharmed, or that the old column has no value for."""
        new = self._image(old)
        back = self._back(new)
        return new if back is None else self._image(back)

    def insert(self, key: int, column: str, value: Value) -> None:
        """A new row that gives one of the columns."""
        self.rows[key] = (value, self._image(value)) if column == self.old else (self._back(value), value)

    def write(self, key: int, column: str, value: Value) -> None:
        """A write of one of the columns: the other follows where it disagrees."""
        o, n = self.rows[key]
        if column == self.old and value != o:
            self.rows[key] = (value, self._image(value))
        elif column == self.new and value != n:
            self.rows[key] = (o if self._image(o) == value else self._back(value), value)

    def update(self, key: int, column: str, value: Value) -> None:
        """A write without a look at the row."""
        self.write(key, column, value)

    def set(self, key: int, value: Value) -> None:
        """A write by the setter: what the old column has no value for leaves one that means the same."""
        o, _ = self.rows[key]
        back = self._back(value)
        self.rows[key] = (o if back is None and self._image(o) == value else back, value)

    def allowed(self, key: int, column: str, *, required: bool) -> tuple[Value, ...]:
        """What a read of one column may return."""
        del required
        o, n = self.rows[key]
        return (o,) if column == self.old else (n,)


class AppPair(Pair):
    """The same kept in step by the application: a bulk UPDATE counts also where the value is there already."""

    def update(self, key: int, column: str, value: Value) -> None:
        """A write without a look at the row."""
        self.insert(key, column, value)


class Filled:
    """A field that rows may lack until they are filled with a value that depends on their key."""

    def __init__(self, column: str, fill: Callable[[int], Value]) -> None:
        self.old = self.new = column
        self._fill = fill
        self.rows: dict[int, Value] = {}

    def insert(self, key: int, column: str | None, value: Value) -> None:
        """A new row, from code that knows the field or does not."""
        self.rows[key] = value if column is not None else None

    def write(self, key: int, column: str, value: Value) -> None:
        """A write of the field."""
        del column
        self.rows[key] = value

    def update(self, key: int, column: str, value: Value) -> None:
        """A write without a look at the row."""
        self.write(key, column, value)

    def allowed(self, key: int, column: str, *, required: bool) -> tuple[Value, ...]:
        """The value; where there is none, what it is filled with, or nothing as long as code accepts that."""
        del column
        value = self.rows[key]
        if value is not None:
            return (value,)
        return (self._fill(key),) if required else (None, self._fill(key))


class Dropped(Filled):
    """A field that goes: old code reads what old code wrote."""

    def allowed(self, key: int, column: str, *, required: bool) -> tuple[Value, ...]:
        """What was written; anything in a row of code that does not know the field."""
        del column, required
        return (self.rows[key],) if self.rows[key] is not None else (ANY,)
