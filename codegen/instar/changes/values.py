"""Where the value of existing rows comes from: a default, SQL, a function of the user's, or nobody knows yet."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.ddl.names import literal
from instar.schema.migration import Decision
from instar.schema.model import Default, Field

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem
    from instar.dialects.sqlalchemy.ddl.names import Backend

_STABLE = {
    "now()",
    "current_timestamp",
    "current_date",
    "localtimestamp",
    "transaction_timestamp()",
    "statement_timestamp()",
}
"""Server defaults that PostgreSQL evaluates once when it adds the column, so that no row is rewritten."""


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """The value of rows that have none: SQL (`expression`), a `compute` function, or neither: the user decides."""

    expression: str | None = None
    compute: str | None = None

    @property
    def known(self) -> bool:
        """Whether it is given at all."""
        return self.expression is not None or self.compute is not None


def server_default(context: Context, item: FieldItem) -> Default | None:
    """The default that the database shall apply: what the target says, or the constant that the user or code gave."""
    field = item.new
    if field.server_default is not None:
        return field.server_default
    given = context.option(context.options.defaults, item)
    for text in (given, field.default.text if field.default else None):
        sql = _as_sql(text, context.sql)
        if sql is not None:
            return Default(text=sql, constant=True)
    return None


def existing_rows(context: Context, item: FieldItem) -> Value:
    """The value of existing rows: `--fill` and `--compute` before any default."""
    fill = context.option(context.options.fills, item)
    if fill is not None:
        return Value(expression=fill)
    compute = context.option(context.options.computes, item)
    if compute is not None:
        return Value(compute=compute)
    default = server_default(context, item)
    return Value(expression=default.text if default else None)


def is_given(context: Context, item: FieldItem) -> bool:
    """Whether the user gave a fill or a compute, which counts more than any default."""
    options = context.options
    return bool(context.option(options.fills, item) or context.option(options.computes, item))


def added_without_rewrite(default: Default, backend: str) -> bool:
    """Whether the backend adds a NOT NULL column with this default without touching the rows."""
    text = default.text.strip().lower()
    return default.constant or (backend == "postgresql" and text in _STABLE)


def undecided(item: FieldItem) -> Decision:
    """The question that a required field without a value raises."""
    title = item.asked
    return Decision(
        table=item.table,
        namespace=item.namespace,
        field=item.new.name,
        question=f"{title} is required and existing rows have no value",
        answers=(
            f"--fill {title}='sql: …'",
            f"--compute {title}=path.py:function",
            f"--default {title}=…",
        ),
    )


def _as_sql(text: str | None, backend: Backend) -> str | None:
    """A Python literal as SQL; None for anything that is computed."""
    if text is None:
        return None
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return literal(value, backend) if isinstance(value, str | int | float | bool) else None


def with_default(field: Field, default: Default | None) -> Field:
    """The field with this server default."""
    return msgspec.structs.replace(field, server_default=default)
