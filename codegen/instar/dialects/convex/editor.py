"""The schema source from one stage to another, in place: only what differs is touched, formatting is kept.

Works from states, not from steps: the source is read, compared with the schema that it should declare, and every
difference becomes an edit of a span. What is not declared where it can be edited safely (in a spread, in a
constant that other tables share, in another package) is refused with its place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.dialects.base import Edited
from instar.dialects.convex.declarations import TABLE_BUILDERS, Declarations
from instar.dialects.convex.reader import read_schema
from instar.dialects.convex.syntax import SyntaxFile, arguments, unwrap
from instar.dialects.convex.table_layout import broken_tables
from instar.dialects.convex.templating import WIDTH
from instar.dialects.convex.typescript_text import (
    bare_validator,
    index_call,
    key,
    laid_out,
    optional_validator,
    validator,
)
from instar.errors import InstarError
from instar.sources import OverlaySource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node

    from instar.schema.model import Field, Index, Schema, Table
    from instar.sources import Source

Span = tuple[int, int, str]


def edit_schema(source: Source, path: str, wanted: Schema) -> tuple[Edited, ...]:
    """The files to change so that the schema at `path` declares `wanted`.

    Raises:
        InstarError: A declaration that has to change cannot be found, or cannot be edited safely.
    """
    current = read_schema(source, path)
    editor = _Editor(source, path)
    for table in current.tables:
        target = wanted.table(table.name)
        if target is None:
            editor.remove_table(table)
        else:
            editor.change_table(table, target)
    changed = {edited.path: edited.text for edited in editor.result() if edited.text is not None}
    between = OverlaySource(source, {name: text.encode() for name, text in changed.items()})
    current = read_schema(between, path)
    editor = _Editor(between, path)
    for table in wanted.tables:
        now = current.table(table.name)
        if now is None:
            editor.add_table(table)
        else:
            editor.extend_table(now, table)
    changed |= {edited.path: edited.text for edited in editor.result() if edited.text is not None}
    return tuple(Edited(name, text) for name, text in sorted(changed.items()))


class _Editor:
    """Collects spans to be replaced, by file."""

    def __init__(self, source: Source, path: str) -> None:
        self._path = path
        self._declarations = Declarations(source, path)
        self._spans: dict[str, list[Span]] = {}

    def result(self) -> tuple[Edited, ...]:
        """The changed files."""
        edited = []
        for path, spans in sorted(self._spans.items()):
            before = data = self._declarations.file(path).source
            for start, end, text in sorted(spans, reverse=True):
                data = data[:start] + text.encode() + data[end:]
            edited.append(Edited(path, broken_tables(path, data.decode(), before.decode())))
        return tuple(edited)

    def change_table(self, now: Table, wanted: Table) -> None:
        """Change and remove the fields and indexes of one table that are not as wanted."""
        fields = {field.name: field for field in wanted.fields}
        for was in now.fields:
            field = fields.get(was.name)
            if field is None:
                self._remove_field(now, was)
            elif was.type != field.type or was.optional != field.optional:
                self._change_field(now, was, field)
        indexes = {index.name: index for index in wanted.indexes}
        for index in now.indexes:
            target = indexes.get(index.name)
            if target is None:
                self._index_span(now, index, None)
            elif _bare(target) != _bare(index):
                self._index_span(now, index, target)

    def extend_table(self, now: Table, wanted: Table) -> None:
        """Add the fields and indexes of one table that are missing."""
        have = {field.name for field in now.fields}
        added = [field for field in wanted.fields if field.name not in have]
        if added:
            self._add_fields(now, added)
        names = {index.name for index in now.indexes}
        indexes = [index for index in wanted.indexes if index.name not in names]
        if indexes:
            self._chain_indexes(now, indexes)
        elif len(now.indexes) == 1:
            self._collapse(now)

    def add_table(self, table: Table) -> None:
        """Add a table at the end of `defineSchema({ … })`."""
        file = self._declarations.file(self._path)
        listed = self._declarations.tables_object(file)
        indent = _indent(file, listed)
        fields = "".join(f"{indent}    {_pair(field, indent + '    ')},\n" for field in table.fields)
        body = f"{{\n{fields}{indent}  }}" if table.shape is None else validator(table.shape)
        chain = _chain([], table.indexes, f"{indent}    ")
        made_by = "defineEnt" if b"defineEntSchema" in file.source else "defineTable"
        self._append(file, listed, [f"{key(table.name)}: {made_by}({body}){chain}"], indent)

    def remove_table(self, table: Table) -> None:
        """Take a table out of `defineSchema({ … })`."""
        place = table.place
        if place is None or place.path != self._path:
            raise InstarError(
                f"table {table.name} is not declared in the schema itself; take it out by hand.",
                path=self._path,
            )
        file, node = self._declarations.at(place)
        self._cut(file, node)

    def _change_field(self, table: Table, was: Field, field: Field) -> None:
        file, pair = self._pair_of(table, was)
        value = pair.child_by_field_name("value")
        if value is None:
            raise self._refusal(table, was, "is written in shorthand")
        if was.type == field.type:
            text = optional_validator(_without_optional(file, value), field.optional)
        else:
            text = _value(field, _indent(file, pair))
        self._replace(file, value.start_byte, value.end_byte, text)

    def _remove_field(self, table: Table, field: Field) -> None:
        file, pair = self._pair_of(table, field)
        self._cut(file, pair)

    def _add_fields(self, table: Table, fields: list[Field]) -> None:
        file, call = self._declarations.definition(table)
        given = [unwrap(node) for node in arguments(call)]
        if not given or given[0].type != "object":
            raise InstarError(
                f"the fields of {table.name} are not written inside defineTable({{ … }}); add "
                f"{', '.join(field.name for field in fields)} by hand.",
                path=file.path,
                line=call.start_point[0] + 1,
            )
        indent = _indent(file, given[0])
        self._append(file, given[0], [_pair(field, indent + "  ") for field in fields], indent)

    def _chain_indexes(self, table: Table, added: list[Index]) -> None:
        """Chain further calls onto a table: on a line each where there are two or more."""
        file, call = self._declarations.definition(table)
        end, indent = self._declarations.chain_end(file, call)
        present = file.source[call.end_byte : end].decode()
        if "\n" in present:
            self._replace(file, end, end, _chain([""], added, indent))
        else:
            self._replace(file, call.end_byte, end, _chain([present] if present else [], added, indent))

    def _collapse(self, table: Table) -> None:
        """Bring the one call that is left of a chain back to the line of its table."""
        try:
            file, call = self._declarations.definition(table)
        except InstarError:
            return
        end, _ = self._declarations.chain_end(file, call)
        present = file.source[call.end_byte : end].decode()
        bare = present.lstrip()
        if bare != present and "\n" not in bare and bare.startswith("."):
            self._replace(file, call.end_byte, end, bare)

    def _index_span(self, table: Table, index: Index, after: Index | None) -> None:
        """Replace `.index(…)`, with the line break before it when it is taken out."""
        if index.place is None:
            raise InstarError(
                f"index {index.name} of {table.name} cannot be found; change it by hand.", path=self._path
            )
        file, node = self._declarations.at(index.place, whole=False)
        call = node.parent.parent if node.parent is not None else None
        owner = node.parent.child_by_field_name("object") if node.parent is not None else None
        if call is None or owner is None or call.type != "call_expression":
            raise InstarError(
                f"index {index.name} of {table.name} is not chained onto its table.", path=file.path
            )
        dot = next(child for child in call.children[0].children if child.type == ".")
        if after is None:
            self._replace(file, owner.end_byte, call.end_byte, "")
            return
        line = file.source[: dot.start_byte].rpartition(b"\n")[2].decode()
        indent = line[: len(line) - len(line.lstrip())]
        self._replace(file, dot.start_byte, call.end_byte, index_call(after, indent, len(line) + 1))

    def _pair_of(self, table: Table, field: Field) -> tuple[SyntaxFile, Node]:
        """The `name: validator` of a field, where it belongs to this table alone."""
        if field.place is None or field.place.path.startswith("<"):
            raise self._refusal(table, field, "comes from a package")
        file, pair = self._declarations.at(field.place)
        above = (
            pair.parent.parent.parent if pair.parent is not None and pair.parent.parent is not None else None
        )
        function = above.child_by_field_name("function") if above is not None else None
        if function is None or file.text(function) not in TABLE_BUILDERS:
            raise self._refusal(
                table, field, "is not written inside defineTable({ … }), where others may share it"
            )
        return file, pair

    def _refusal(self, table: Table, field: Field, why: str) -> InstarError:
        place = field.place
        return InstarError(
            f"{table.name}.{field.name} {why}; change it by hand to "
            f"{optional_validator(field.spelling or validator(field.type), field.optional)}.",
            path=place.path if place else self._path,
            line=place.line if place else None,
        )

    def _append(self, file: SyntaxFile, container: Node, texts: list[str], indent: str) -> None:
        """Add members at the end of an object literal."""
        members = [child for child in container.named_children if child.type != "comment"]
        lines = "".join(f"\n{indent}  {text}," for text in texts)
        if not members:
            self._replace(file, container.start_byte, container.end_byte, f"{{{lines}\n{indent}}}")
            return
        last = members[-1]
        tail = file.source[last.end_byte : container.end_byte].decode()
        comma = re.match(r"\s*,", tail)
        at = last.end_byte + (len(comma[0].encode()) if comma else 0)
        lead = "" if comma else ","
        if last.start_point[0] == container.start_point[0]:
            self._replace(file, at, at, f"{lead} {', '.join(texts)}")
        else:
            self._replace(file, at, at, lead + (lines if comma else lines.removesuffix(",")))

    def _cut(self, file: SyntaxFile, node: Node) -> None:
        """Take out a member with its comma, and its whole line where nothing else stands on it."""
        data = file.source
        start, end = node.start_byte, node.end_byte
        comma = re.match(rb"[ \t]*,", data[end:])
        end += len(comma[0]) if comma else 0
        line_start = data.rfind(b"\n", 0, start) + 1
        rest = re.match(rb"[ \t]*(//[^\n]*)?\r?\n", data[end:])
        if not data[line_start:start].strip() and rest:
            start, end = line_start, end + len(rest[0])
        elif comma:
            end += len(re.match(rb"[ \t]*", data[end:])[0])  # type: ignore[index] # matches the empty text
        self._replace(file, start, end, "")

    def _replace(self, file: SyntaxFile, start: int, end: int, text: str) -> None:
        newline = "\r\n" if b"\r\n" in file.source else "\n"
        self._spans.setdefault(file.path, []).append((start, end, text.replace("\n", newline)))


def _pair(field: Field, indent: str) -> str:
    return f"{key(field.name)}: {_value(field, indent)}"


def _value(field: Field, indent: str) -> str:
    """The field's own spelling, or its validator laid out."""
    line = optional_validator(field.spelling or validator(field.type), field.optional)
    used = len(f"{indent}{key(field.name)}: ,")
    if used + len(line) <= WIDTH or bare_validator(field.spelling or line) != validator(field.type):
        return line
    return laid_out(field.type, optional=field.optional, indent=indent, used=used)


def _chain(present: list[str], indexes: Sequence[Index], indent: str) -> str:
    """Chained calls: one stays on the line, several have a line each. An empty text stands for earlier lines."""
    if not present and len(indexes) == 1:
        outer = indent[:-2]
        return index_call(indexes[0], outer, len(outer) + len("}),"))
    calls = [*filter(None, present), *(index_call(one, indent, len(indent) + 1) for one in indexes)]
    return "".join(f"\n{indent}{one}" for one in calls)


def _bare(index: Index) -> tuple[object, ...]:
    return (index.keys, index.kind, index.include, index.staged, index.dimensions)


def _indent(file: SyntaxFile, node: Node) -> str:
    line = file.source.split(b"\n")[node.start_point[0]].decode("utf-8", "replace")
    return line[: len(line) - len(line.lstrip())]


def _without_optional(file: SyntaxFile, value: Node) -> str:
    """The validator's own text, without a `.optional()` behind it."""
    bare = unwrap(value)
    function = bare.child_by_field_name("function") if bare.type == "call_expression" else None
    if function is not None and function.type == "member_expression" and not arguments(bare):
        name, owner = function.child_by_field_name("property"), function.child_by_field_name("object")
        if name is not None and file.text(name) == "optional" and owner is not None:
            return file.text(owner)
    return file.text(value)
