"""What SQLAlchemy's inspector leaves out of an SQLite database, from SQLite's own catalogue.

That is indexes over expressions, and unique constraints written in a way that its pattern does not recognise.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INDEXES = "select tbl_name, name, sql from sqlite_master where type = 'index' and sql is not null"
_UNIQUES = """
select i.name, c.name from pragma_index_list(:table) i join pragma_index_info(i.name) c
where i.origin = 'u' order by i.name, c.seqno
"""
_CREATE_INDEX = re.compile(
    r"\s*create\s+(unique\s+)?index\s+.*?\bon\s+(?:\"[^\"]*\"|\S+?)\s*\(", re.IGNORECASE | re.DOTALL
)


def complete(connection: sa.Connection, description: Mapping[str, Any]) -> None:
    """Add to a description what the inspector left out."""
    tables = {table["name"]: table for table in description["tables"]}
    for table_name, name, sql in connection.execute(sa.text(_INDEXES)):
        table = tables.get(table_name)
        if table is not None and all(index["name"] != name for index in table["indexes"]):
            index = read_create_index(sql, {column["name"] for column in table["columns"]})
            if index is not None:
                table["indexes"].append({"name": name, **index})
    for table in description["tables"]:
        _add_uniques(connection, table)


def _add_uniques(connection: sa.Connection, table: dict[str, Any]) -> None:
    known = [sorted(one["fields"]) for one in table["constraints"] if one["kind"] == "unique"]
    found: dict[str, list[str]] = {}
    for index, column in connection.execute(sa.text(_UNIQUES), {"table": table["name"]}):
        found.setdefault(index, []).append(column)
    for fields in found.values():
        if sorted(fields) not in known:
            table["constraints"].append({"kind": "unique", "name": None, "fields": fields})


def read_create_index(sql: str, columns: set[str]) -> dict[str, Any] | None:
    """The keys and the predicate of a `CREATE INDEX` of SQLite; None where it has another form."""
    head = _CREATE_INDEX.match(sql)
    if head is None:
        return None
    parts = list(_parts(sql[head.end() :]))
    if not parts:
        return None
    where = re.match(r"\s*where\s+(.*)", parts[-1][1], re.IGNORECASE | re.DOTALL)
    return {
        "keys": [_key(text.strip(), columns) for text, _ in parts],
        "unique": head[1] is not None,
        "using": None,
        "where": where[1].strip() if where else None,
        "include": [],
    }


def _key(text: str, columns: set[str]) -> dict[str, Any]:
    order = re.search(r"\s+(asc|desc)\s*\Z", text, re.IGNORECASE)
    text = text[: order.start()] if order else text
    plain = text.strip('"`[]')
    descending = order is not None and order[1].lower() == "desc"
    known = plain in columns
    return {"text": plain if known else text, "expression": not known, "descending": descending}


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """What stands between the commas up to the closing parenthesis, each with what follows that one."""
    depth, start = 0, 0
    found: list[str] = []
    for match in re.finditer(r"'(?:[^']|'')*'|\"[^\"]*\"|[(),]", text):
        sign = match[0]
        if sign == ")" and depth == 0:
            found.append(text[start : match.start()])
            yield from ((part, text[match.end() :]) for part in found)
            return
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            found.append(text[start : match.start()])
            start = match.end()
