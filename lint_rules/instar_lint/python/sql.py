"""Raw SQL in strings: which watched fields it names. `sqlglot` is loaded when a hot word stands in such a string."""

from __future__ import annotations

import ast
import logging
import re
from typing import TYPE_CHECKING, Any

from instar_lint.python.knowledge import Column
from instar_lint.python.values import Entity, Statement, TableOf, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.contracts import Confidence
    from instar_lint.python.frame import Frame

_STARTS = re.compile(
    r"\s*(?:--[^\n]*\n|/\*.*?\*/|\s)*(?:select\b.*\bfrom\b|insert\s+into\b|update\b.*\bset\b|delete\s+from\b|with\b.*\bas\s*"
    r"(?:not\s+materialized\s*|materialized\s*)?\(|alter\s+table\b|create\b.*\b(?:as|on)\b|merge\s+into\b)",
    re.IGNORECASE | re.DOTALL,
)


def executed(frame: Frame, value: Text) -> None:
    """A literal that runs as SQL: a field of a table that it names is certain."""
    for spelling in value.options:
        if isinstance(spelling.node, ast.Constant) and spelling.path == frame.module.path:
            _report(frame, spelling.node, spelling.text, "proven")


def loose_sql(frame: Frame, node: ast.Constant) -> None:
    """A literal that looks like SQL and is not seen to run."""
    if isinstance(node.value, str) and _STARTS.match(node.value):
        _report(frame, node, node.value, "likely")


def loose_template(frame: Frame, node: ast.JoinedStr) -> None:
    """An f-string that looks like SQL, with what is put into it taken for values or names."""
    text = "".join(str(p.value) if isinstance(p, ast.Constant) else "placeholder" for p in node.values)
    if _STARTS.match(text) and frame.report is not None:
        for column, table in _columns(text):
            _one(frame, ast.copy_location(ast.Constant(text), node), table, column, "possible")


def fragment(frame: Frame, node: ast.expr, statement: Statement) -> None:
    """A condition in a string: `filter("name = 'x'")`; its names are the statement's."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        report_fragment(frame, node, statement.last or statement.root)


def report_fragment(frame: Frame, node: ast.Constant, base: object) -> None:
    """Report the words of a piece of SQL that are stored fields of one table."""
    table = frame.knowledge.table_of(base) if isinstance(base, Entity | TableOf) else None
    report = frame.report
    if report is None or table is None or not isinstance(node.value, str):
        return
    seen: dict[str, int] = {}
    for match in re.finditer(r"(?<![\w:'])[A-Za-z_]\w*", node.value):
        word = match[0]
        nth = seen.get(word, 0)
        seen[word] = nth + 1
        if report.wants(word):
            columns = frame.knowledge.stored_column(table[1], table[0], word)
            report.fields(
                frame,
                report.literal_token(node, word, nth),
                word,
                columns,
                access="read",
                via="sql",
                stored=True,
            )


def _report(frame: Frame, node: ast.Constant, text: str, confidence: Confidence) -> None:
    report = frame.report
    if report is None or not _mentions(frame, text):
        return
    for column, table in _columns(text):
        _one(frame, node, table, column, confidence)


def _mentions(frame: Frame, text: str) -> bool:
    """Whether SQL can name a wanted field: one of their tables must stand in it too."""
    report = frame.report
    if report is None or report.names is None:
        return True
    watch = report.watch
    tables = {field[1] for field in watch.fields} | {table[1] for table in watch.tables}
    return any(table in text for table in tables) and any(name in text for name in report.names)


def _one(
    frame: Frame, node: ast.Constant, table: tuple[str | None, str], column: str, confidence: Confidence
) -> None:
    report = frame.report
    if report is None or not report.wants(column):
        return
    found = frame.knowledge.stored_anywhere(table[1], table[0], column)
    if not found and (*table, column) in report.watch.fields:
        found = (Column(*table, column),)  # asked for, though no version that is known maps it any more
    if not found:
        return
    text = node.value if isinstance(node.value, str) else ""
    starts = [found.start() for found in re.finditer(rf"(?<!\w){re.escape(column)}(?!\w)", text)]
    for nth in _mentions_of(column, table[1], text) or (0,):
        token = report.literal_token(node, column, nth)
        report.fields(
            frame,
            token,
            column,
            found,
            access="write" if nth < len(starts) and _is_written(text, starts[nth], column) else "read",
            via="sql",
            confidence=confidence,
            stored=True,
        )


_CLAUSE = re.compile(r"(?i)\b(insert\s+into|set|values|select|from|where|on|returning|join|using)\b")


def _is_written(text: str, start: int, column: str) -> bool:
    """Whether a statement sets the column that stands there: `SET name = …`, `INSERT INTO users (name)`."""
    clauses = _CLAUSE.findall(text, 0, start)
    last = clauses[-1].lower() if clauses else ""
    after = text[start + len(column) :].lstrip('"` ')
    return (last == "set" and after.startswith("=")) or last.startswith("insert")


def _mentions_of(column: str, table: str, text: str) -> list[int]:
    """Which mentions of a word in SQL may be a table's column: no bound parameter, and no other table's."""
    aliases = {table, *re.findall(rf"\b{re.escape(table)}\"?\s+(?:as\s+)?\"?(\w+)", text, re.IGNORECASE)}
    found = re.finditer(rf"([:@(\w\"`.]*?)(?<!\w){re.escape(column)}(?!\w)", text)
    return [nth for nth, match in enumerate(found) if _is_of(match[1], aliases)]


def _is_of(before: str, aliases: set[str]) -> bool:
    qualifier = re.search(r"(\w+)[\"`]?\.[\"`]?$", before)
    return qualifier[1] in aliases if qualifier is not None else not before.endswith((":", "@"))


def _columns(text: str) -> Iterator[tuple[str, tuple[str | None, str]]]:
    """Each column that SQL names, and the table that it belongs to where the text tells: (column, (namespace, table))."""
    seen = set()
    for statement in _parsed(text):
        tables = _tables(statement)
        for column in _names(statement):
            owners = (
                [tables[column[1]]]
                if column[1] in tables
                else list(dict.fromkeys(tables.values()))
                if not column[1]
                else []
            )
            for owner in owners if column[1] or len(owners) == 1 else []:
                if (column[0], owner) not in seen:
                    seen.add((column[0], owner))
                    yield column[0], owner


def _parsed(text: str) -> list[Any]:
    import sqlglot  # noqa: PLC0415 - 100 ms, only for strings that mention a hot word

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    cleaned = re.sub(r"%\(\w+\)s|%s|(?<!:):\w+|\{\w*\}", "NULL", text)
    for dialect in ("postgres", "mysql", "sqlite"):
        try:
            return [s for s in sqlglot.parse(cleaned, read=dialect) if s is not None]
        except (sqlglot.errors.SqlglotError, RecursionError, ValueError):
            continue
    return []


def _tables(statement: Any) -> dict[str, tuple[str | None, str]]:  # noqa: ANN401 - sqlglot's expressions are untyped
    from sqlglot import exp  # noqa: PLC0415 - loaded already

    found: dict[str, tuple[str | None, str]] = {}
    common = {c.alias_or_name for c in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        if table.name and table.name not in common:
            found[table.alias_or_name] = (table.db or None, table.name)
    return found


def _names(statement: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - sqlglot's expressions are untyped
    from sqlglot import exp  # noqa: PLC0415 - loaded already

    names = [(column.name, column.table) for column in statement.find_all(exp.Column)]
    for insert in statement.find_all(exp.Insert):
        if isinstance(insert.this, exp.Schema):
            names += [(part.name, "") for part in insert.this.expressions]
    return list(dict.fromkeys(names))
