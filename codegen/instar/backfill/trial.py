"""A dry run: one batch, looked at before and after, and rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from instar.backfill.backends import backend_of
from instar.backfill.connecting import connect, parse_url, reading
from instar.backfill.keyset import Key, KeyRange
from instar.backfill.options import Options
from instar.backfill.share import rewriter_of
from instar.backfill.statements import Statements
from instar.backfill.table import describe
from instar.backfill.transaction import Stepwise

if TYPE_CHECKING:
    import sqlalchemy as sa

    from instar.schema.operations import BackfillWork

_BATCH = 1_000
_SHOWN = 10


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a dry run.

    Attributes:
        key: Its primary key.
        reads: The columns that the new value comes from, as far as they are declared.
        before: The target's value.
        after: The target's value after the batch.
    """

    key: Key
    reads: dict[str, Any]
    before: Any
    after: Any


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a dry run found: the rows that a batch would rewrite, and the first ten of them."""

    rewritten: int
    samples: tuple[Sample, ...]


def dry_run(work: BackfillWork, url: str, *, options: Options | None = None) -> Trial:
    """Run the first batch that has something to do, and roll it back. Nothing else is written either.

    Raises:
        InstarError: The database, the table or the work is not as it must be.
        ComputeFailedError: `compute` raised.
    """
    options = options or Options()
    target = parse_url(url)
    backend = backend_of(target)
    engine = connect(backend, target, lock_timeout=options.lock_timeout)
    try:
        with reading(engine) as connection:
            statements = Statements(backend, describe(connection, work))
        rewriter = rewriter_of(engine, statements, options)
        with engine.connect() as connection, connection.begin() as transaction:
            first = statements.left_keys(connection, _BATCH)
            if not first:
                return Trial(rewritten=0, samples=())
            rows = KeyRange(None, first[-1])
            before = [_row(connection, statements, key) for key in first[:_SHOWN]]
            sent, _ = rewriter.write(Stepwise(connection), rows, rewriter.read(connection, rows))
            rewritten = sent.rowcount
            after = [_row(connection, statements, key) for key in first[:_SHOWN]]
            transaction.rollback()
    finally:
        engine.dispose()
    samples = (
        Sample(
            key=key,
            reads=dict(zip(work.reads, old[1:], strict=True)),
            before=old[0],
            after=new[0],
        )
        for key, old, new in zip(first, before, after, strict=False)
    )
    return Trial(rewritten=rewritten, samples=tuple(samples))


def _row(connection: sa.Connection, statements: Statements, key: Key) -> tuple[Any, ...]:
    """The target and the declared reads of one row."""
    table = statements.table
    quote = connection.dialect.identifier_preparer.quote_identifier
    columns = ", ".join([table.target, *[quote(name) for name in table.work.reads]])
    placeholder = statements.backend.placeholder
    same = " AND ".join(f"{column} = {placeholder}" for column in table.key)
    sql = f"SELECT {columns} FROM {table.name} WHERE {same}"
    return tuple(connection.exec_driver_sql(sql, key).one())
