"""What happens when no partition is left: completed, another pass for rows that came in behind, or stuck."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import sqlalchemy as sa

from instar.backfill import tracking
from instar.backfill.admission import add_pass
from instar.backfill.backends.base import Fault, Rewriter
from instar.backfill.compute import ComputeFailedError
from instar.backfill.connecting import reading
from instar.backfill.keyset import Key, KeyRange, show_key
from instar.backfill.lease import Leases, skipped_rows
from instar.backfill.tracking import PARTITIONS
from instar.backfill.transaction import Stepwise
from instar.errors import InstarError

if TYPE_CHECKING:
    from instar.backfill.options import Options
    from instar.backfill.statements import Statements

Settled: TypeAlias = Literal["completed", "again", "elsewhere", "left"]
"""Nothing is left; another pass; not ours to say; rows are left after every pass that a run makes."""

MOST_PASSES = 5
"""How many passes a run makes over rows that others add meanwhile, before it says so."""


class StuckError(InstarError):
    """Rows match the guard and stay so, whatever is written."""


def settle(
    engine: sa.Engine,
    statements: Statements,
    rewriter: Rewriter,
    leases: Leases,
    options: Options,
    *,
    passes: int,
) -> tuple[Settled, int]:
    """End the backfill, or begin another pass over the table.

    Any worker of any process may call this; the locked row lets one of them decide.

    Args:
        engine: The database.
        statements: The table's statements.
        rewriter: What a batch does.
        leases: The leases of the backfill.
        options: How it is run.
        passes: How many passes this run has made.

    Returns:
        What came of it, and how many rows still match the guard.

    Raises:
        StuckError: A row that is left still matches the guard after it was rewritten.
    """
    name = statements.table.work.name
    with reading(engine) as connection:
        left = statements.left(connection)
    with engine.begin() as connection:
        record = tracking.fetch(connection, name, lock=True)
        if record is None or record.status != "running":
            return "elsewhere", left
        if leases.open(connection)[0]:
            return "again", left
        skipped = frozenset(row.key for row in skipped_rows(connection, name))
        first = statements.left_keys(connection, len(skipped) + 1) if left > len(skipped) else ()
        rest = [key for key in first if key not in skipped]
        if not rest:
            tracking.finish(connection, name, "completed")
            return "completed", left
        if _stays(connection, statements, rewriter, rest[0]):
            raise StuckError(
                f"{name}: {left - len(skipped):,} rows match the guard whatever is written to them, "
                f"the first with key {show_key(rest[0])}. "
                "Correct the new value or the guard, so that they exclude each other."
            )
        if passes >= MOST_PASSES:
            tracking.finish(connection, name, "paused")
            return "left", left
        values = {"processed": _rewritten(connection, name), "pass": record.number_of_pass + 1}
        tracking.change(connection, name, **values)
        add_pass(connection, statements, options, record.total)
        return "again", left


def _stays(connection: sa.Connection, statements: Statements, rewriter: Rewriter, key: Key) -> bool:
    """Whether the first row that is left would match the guard even after it was rewritten; it is not."""
    rows = KeyRange(None, key)
    with connection.begin_nested() as savepoint:
        try:
            rewriter.write(Stepwise(connection), rows, rewriter.read(connection, rows))
            return key in statements.left_keys(connection, 1)
        except Exception as error:
            if isinstance(error, ComputeFailedError) or statements.backend.fault(error) is not Fault.FATAL:
                return False  # another pass tells what is wrong with it
            raise
        finally:
            savepoint.rollback()


def _rewritten(connection: sa.Connection, name: str) -> int:
    """How many rows all passes rewrote."""
    query = sa.select(sa.func.coalesce(sa.func.sum(PARTITIONS.c.processed), 0))
    return int(connection.execute(query.where(PARTITIONS.c.migration == name)).scalar_one())
