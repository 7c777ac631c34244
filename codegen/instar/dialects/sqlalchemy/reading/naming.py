"""Names of constraints and indexes by SQLAlchemy's rules, a `naming_convention` included.

The tokens are those of "Configuring Constraint Naming Conventions" in SQLAlchemy's documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from instar.dialects.sqlalchemy.reading.values import Applied, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEFAULT = {"ix": "ix_%(column_0_label)s"}
_TOKEN = re.compile(r"%\((\w+)\)s")


class Named(NamedTuple):
    """What a name is computed from.

    Attributes:
        kind: `ix`, `uq`, `fk`, `pk` or `ck`.
        table: The table's stored name.
        namespace: Its namespace where it has one.
        columns: The stored names of its columns, in order.
        given: The name that it was given, if any.
        referred_table: Of a foreign key.
        referred_columns: Of a foreign key.
    """

    kind: str
    table: str
    namespace: str | None = None
    columns: Sequence[str] = ()
    given: str | None = None
    referred_table: str = ""
    referred_columns: Sequence[str] = ()


def convention(metadata: Value) -> dict[str, str]:
    """The naming convention of a `MetaData`, the built-in one for indexes included."""
    if not isinstance(metadata, Applied) or "naming_convention" not in metadata.keywords:
        return dict(_DEFAULT)
    given = metadata.keywords["naming_convention"]
    if not isinstance(given, dict):
        return dict(_DEFAULT)
    return {str(getattr(key, "name", key)): value for key, value in given.items() if isinstance(value, str)}


def name_of(rules: dict[str, str], named: Named) -> str | None:
    """The name by convention; the given one where no rule applies; None where there is neither."""
    rule = rules.get(named.kind) or rules.get(_CLASSES[named.kind])
    if rule is None or (named.given is not None and "%(constraint_name)s" not in rule):
        return named.given
    if "%(constraint_name)s" in rule and named.given is None:
        return None
    parts: dict[str, str] = {}
    for token in _TOKEN.findall(rule):
        value = _token(token, named)
        if value is None:
            return named.given
        parts[token] = value
    return _TOKEN.sub(lambda match: parts[match[1]], rule)


_CLASSES = {
    "ix": "Index", "uq": "UniqueConstraint", "fk": "ForeignKeyConstraint", "pk": "PrimaryKeyConstraint", "ck": "CheckConstraint",
}  # fmt: skip


def _token(token: str, named: Named) -> str | None:
    match token:
        case "table_name":
            return named.table
        case "constraint_name":
            return named.given
        case "referred_table_name":
            return named.referred_table
        case _ if token.startswith("referred_column_"):
            return _columns(token.removeprefix("referred_"), named.referred_columns, named)
        case _:
            return _columns(token, named.columns, named)


def _columns(token: str, columns: Sequence[str], named: Named) -> str | None:
    match = re.fullmatch(r"column_(\d+)(_?N)?_(name|label|key)", token)
    if match is None:
        return None
    position, every, what = int(match[1]), match[2], match[3]
    prefix = f"{named.namespace.replace('.', '_')}_{named.table}" if named.namespace else named.table
    labels = [f"{prefix}_{column}" if what == "label" else column for column in columns]
    if every:
        return ("_" if every == "_N" else "").join(labels[position:])
    return labels[position] if position < len(labels) else ""
