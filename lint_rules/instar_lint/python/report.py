"""Facts as they are found: where the token of a name stands, and which table it belongs to."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import msgspec

from instar.schema.model import Place
from instar_lint.facts import EntityRead, Fact, FieldUse, Query, RowInsert, Unresolved

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from instar.contracts import Confidence
    from instar_lint.facts import Receiver, Via
    from instar_lint.python.frame import Frame
    from instar_lint.python.knowledge import Column, Knowledge
    from instar_lint.python.values import Statement
    from instar_lint.python.watch import Watch

_OPENING = re.compile(r"[rbuRBUfF]*(\"\"\"|'''|\"|')")
_TIERS = {"proven": 0, "likely": 1, "possible": 2}


class Token(msgspec.Struct, frozen=True):
    """Where a name stands: 1-based line and column, and the column behind it."""

    line: int
    column: int
    end: int


class Report:
    """Collects the facts of one file.

    Args:
        path: The file, relative to the repository root.
        text: Its content.
        knowledge: The project.
        watch: What is wanted.
    """

    def __init__(self, path: str, text: str, knowledge: Knowledge, watch: Watch) -> None:
        self.path = path
        self.lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")  # as `ast` counts lines
        self.knowledge = knowledge
        self.watch = watch
        self.names = None if watch.everything else knowledge.hot_names(watch)
        self._facts: dict[Fact, None] = {}
        self.guessed = 0

    def wants(self, name: str) -> bool:
        """Whether a fact about a field of this name can matter."""
        return self.names is None or name in self.names

    def facts(self) -> tuple[Fact, ...]:
        """What was found, by place; where one place was judged twice for one field, the surer judgement."""
        best: dict[object, Fact] = {}
        for fact in self._facts:
            key = _identity(fact)
            kept = best.get(key)
            if kept is None or _TIERS[fact.confidence] < _TIERS[kept.confidence]:
                best[key] = fact
        proven = {
            (f.place, f.name) for f in best.values() if isinstance(f, FieldUse) and f.confidence == "proven"
        }
        kept_facts = (
            f
            for f in best.values()
            if f.confidence == "proven" or not isinstance(f, FieldUse) or (f.place, f.name) not in proven
        )
        return tuple(sorted(kept_facts, key=lambda f: (f.place, type(f).__name__, getattr(f, "access", ""))))

    def add(self, fact: Fact) -> None:
        """Take a fact."""
        self._facts[fact] = None

    def fields(
        self,
        frame: Frame,
        token: Token,
        name: str,
        columns: Iterable[Column],
        *,
        access: str,
        via: Via,
        confidence: Confidence = "proven",
        subject: str = "",
        receiver: Receiver = "row",
        stored: bool = False,
    ) -> None:
        """Report the use of a field, once per stored field that the name may stand for.

        Where it may stand for those of several tables, only `self` and `cls` mean all of them for certain.
        """
        columns = tuple(columns)
        if len({(c.namespace, c.table) for c in columns}) > 1 and subject not in {"self", "cls"}:
            confidence = "likely" if confidence == "proven" else confidence
        for column in columns:
            if not self.watch.field(column.namespace, column.table, column.name):
                continue
            self.guessed += confidence != "proven"
            for one in ("read", "write") if access == "both" else (access,):
                self.add(
                    FieldUse(
                        place=Place(self.path, token.line, token.column),
                        end_column=token.end,
                        confidence=confidence,
                        table=column.table,
                        namespace=column.namespace,
                        name=name,
                        field=column.name,
                        stored=stored,
                        access="write" if one == "write" else "read",
                        via=via,
                        role=frame.role,
                        operator=frame.operator,
                        constant=frame.constant,
                        subject=subject,
                        receiver=receiver,
                        scope=frame.scope,
                    )
                )

    def insert(self, frame: Frame, node: ast.expr, cls: str, given: Sequence[str], *, complete: bool) -> None:
        """Report that a row is made with these attributes."""
        table = self._table(cls)
        if table is not None:
            self.add(
                RowInsert(
                    place=self._place(node),
                    table=table[1],
                    namespace=table[0],
                    given=tuple(dict.fromkeys(given)),
                    complete=complete,
                    scope=frame.scope,
                )
            )

    def unresolved(self, frame: Frame, node: ast.expr, cls: str | None) -> None:
        """Report code that might name any field of a class's table."""
        table = self._table(cls, any_field=True) if cls is not None else None
        if table is not None:
            text = " ".join(ast.unparse(node).split())[:80]
            self.add(
                Unresolved(
                    place=self._place(node),
                    confidence="possible",
                    text=text,
                    table=table[1],
                    namespace=table[0],
                    scope=frame.scope,
                )
            )

    def statement(self, frame: Frame, statement: Statement) -> None:
        """Report a finished query, and the whole rows that it loads."""
        root = self.knowledge.table_of(statement.root)
        if root is None or not self.watch.table(*root):
            return
        namespace, table = root
        place = self._place(statement.node)
        if statement.loads and statement.kind in ("select", "query"):
            self.add(
                EntityRead(
                    place=place,
                    table=table,
                    namespace=namespace,
                    without=statement.without,
                    scope=frame.scope,
                )
            )
        if statement.kind == "insert" and not statement.unique_on:
            return
        self.add(
            Query(
                place=place,
                table=table,
                namespace=namespace,
                filters=statement.filters,
                order=statement.order,
                limited=statement.limited,
                named_index=statement.hint,
                unique_on=statement.unique_on,
                whole=statement.whole,
                scope=frame.scope,
            )
        )

    def entity(self, frame: Frame, node: ast.expr, cls: str) -> None:
        """Report that whole rows of a class are loaded here."""
        table = self._table(cls)
        if table is not None:
            self.add(
                EntityRead(place=self._place(node), table=table[1], namespace=table[0], scope=frame.scope)
            )

    def _table(self, cls: str, *, any_field: bool = False) -> tuple[str | None, str] | None:
        mapped = self.knowledge.mapped(cls)
        if mapped is None or mapped.table is None:
            return None
        key = (mapped.namespace, mapped.table)
        if self.watch.table(*key) or (any_field and any(f[:2] == key for f in self.watch.fields)):
            return key
        return None

    def _place(self, node: ast.expr) -> Place:
        while isinstance(node, ast.Call):
            node = node.func
        if isinstance(node, ast.Attribute):
            token = self.attribute_token(node)
            return Place(self.path, token.line, token.column)
        return Place(self.path, node.lineno, self.column(node.lineno, node.col_offset))

    def column(self, line: int, offset: int) -> int:
        """The 1-based character of a 0-based offset in UTF-8 bytes, which is how `ast` counts."""
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        if text.isascii():
            return offset + 1
        return len(text.encode()[:offset].decode(errors="replace")) + 1

    def attribute_token(self, node: ast.Attribute) -> Token:
        """Where the attribute's own name stands."""
        line = node.end_lineno or node.lineno
        end = self.column(line, node.end_col_offset or 0)
        return Token(line, end - len(node.attr), end)

    def name_token(self, node: ast.expr | ast.keyword, name: str) -> Token:
        """Where a name or keyword argument begins; for a string literal, its first character."""
        if isinstance(node, ast.Constant):
            return self.literal_token(node, name)
        if isinstance(node, ast.Attribute):
            return self.attribute_token(node)
        start = self.column(node.lineno, node.col_offset)
        return Token(node.lineno, start, start + len(name))

    def token(self, line: int, column: int, name: str) -> Token:
        """The token of a name that begins at a known character."""
        return Token(line, column, column + len(name))

    def literal_token(self, node: ast.Constant, word: str, nth: int = 0) -> Token:
        """Where the `nth` occurrence of a word stands in a string literal."""
        start = self.column(node.lineno, node.col_offset)
        last = node.end_lineno or node.lineno
        found = -1
        pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
        for line in range(node.lineno, min(last, len(self.lines)) + 1):
            text = self.lines[line - 1]
            begin = start - 1 if line == node.lineno else 0
            if line == node.lineno and (opening := _OPENING.match(text, begin)):
                begin = opening.end()
            end = self.column(line, node.end_col_offset or 0) - 1 if line == last else len(text)
            for match in pattern.finditer(text, begin, end):
                found += 1
                if found == nth:
                    return Token(line, match.start() + 1, match.end() + 1)
        return Token(node.lineno, start, start)


def _identity(fact: Fact) -> object:
    if isinstance(fact, FieldUse):
        return (fact.place, fact.name, fact.namespace, fact.table, fact.field, fact.access)
    if isinstance(fact, EntityRead):
        return ("entity", fact.place, fact.namespace, fact.table)
    return fact
