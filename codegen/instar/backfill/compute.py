"""The user's `compute(row) -> value`: found, loaded, and applied to the rows of a batch."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import starmap
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa

from instar.errors import InstarError

if TYPE_CHECKING:
    from pathlib import Path

    from instar.backfill.table import Table

Compute: TypeAlias = Callable[[Mapping[str, Any]], Any]


class ComputeFailedError(Exception):
    """`compute` raised for one row. Carries what it raised, as a line."""


def load_compute(reference: str, root: Path) -> Compute:
    """Import the function of a `path/to/module.py:function`, relative to `root`.

    The root is importable while the module loads, so that it may import the application.

    Raises:
        InstarError: The file or the function is missing, or the module does not import.
    """
    path, _, name = reference.partition(":")
    file = root / path
    if not name or not file.is_file():
        raise InstarError(
            f'the compute function "{reference}" was not found under {root}. '
            "Write it as path/to/module.py:function, relative to the repository root.",
        )
    spec = importlib.util.spec_from_file_location(f"instar_compute_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # the user's module may raise anything
        raise InstarError(f"it does not import: {type(error).__name__}: {error}", path=path) from error
    function = getattr(module, name, None)
    if not callable(function):
        raise InstarError(f'it defines no function "{name}"', path=path)
    loaded: Compute = function
    return loaded


def describe_error(error: BaseException) -> str:
    """What was raised, on one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())


class Codec:
    """Turns the driver's values into those that SQLAlchemy would give the application, and back.

    Only columns whose type needs it cost anything: on SQLite that is dates, decimals, booleans and JSON.
    """

    def __init__(self, table: Table, dialect: sa.Dialect) -> None:
        self._decoders = [
            (position, decoder)
            for position, name in enumerate(table.reads)
            if (decoder := _decoder(table.types[name], dialect))
        ]
        target = table.types[table.work.target]
        self._encoder = _encoder(target, dialect)

    @property
    def trivial(self) -> bool:
        """Whether values pass through as they are."""
        return not self._decoders and self._encoder is None

    def decode(self, rows: Iterable[Sequence[Any]]) -> Iterable[Sequence[Any]]:
        """The values that `compute` gets."""
        return (self.decode_row(row) for row in rows) if self._decoders else rows

    def decode_row(self, row: Sequence[Any]) -> Sequence[Any]:
        """The values of one row."""
        values = list(row)
        for position, decoder in self._decoders:
            values[position] = decoder(values[position])
        return values

    def encode(self, values: list[Any]) -> list[Any]:
        """The values that the driver takes."""
        return [self._encoder(value) for value in values] if self._encoder else values

    def encode_one(self, value: object) -> Any:
        """The value that the driver takes."""
        return self._encoder(value) if self._encoder else value


def by_position(compute: Compute, names: Sequence[str]) -> Callable[..., Any]:
    """`compute` as a function of the columns' values; one plain call for few columns, since it runs for every row."""
    match tuple(names):
        case (one,):
            return lambda a: compute({one: a})
        case (one, two):
            return lambda a, b: compute({one: a, two: b})
        case (one, two, three):
            return lambda a, b, c: compute({one: a, two: b, three: c})
        case more:
            return lambda *values: compute(dict(zip(more, values, strict=True)))


def compute_all(
    compute: Compute, codec: Codec, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> list[Any]:
    """The value of every row, as the driver takes it.

    Raises:
        ComputeFailedError: One row made `compute` raise, or its value does not fit the column's type.
    """
    try:
        return codec.encode(list(starmap(by_position(compute, names), codec.decode(rows))))
    except Exception as error:
        raise ComputeFailedError(describe_error(error)) from error


def _decoder(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    if dialect.name == "postgresql":
        return None  # its driver makes them by itself
    if isinstance(kind, sa.JSON):
        return lambda value: json.loads(value) if isinstance(value, str | bytes) else value
    decoder: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, None)
    return decoder


def _encoder(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, sa.JSON):
        return lambda value: None if value is None else json.dumps(value, ensure_ascii=False)
    encoder: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return encoder
