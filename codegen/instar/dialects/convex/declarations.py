"""Where a schema declares things: the nodes behind the places that the reader noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.convex.syntax import SyntaxFile, arguments, string_value, unwrap, walk
from instar.errors import InstarError

if TYPE_CHECKING:
    from tree_sitter import Node

    from instar.schema.model import Place, Table
    from instar.sources import Source

TABLE_BUILDERS = frozenset({"defineTable", "defineEnt"})
"""Functions that make a table of its fields."""


class Declarations:
    """Finds definitions in the files of one source, which it parses once each."""

    def __init__(self, source: Source, path: str) -> None:
        self._source = source
        self._path = path
        self._files: dict[str, SyntaxFile] = {}

    def file(self, path: str) -> SyntaxFile:
        """A parsed file."""
        if path not in self._files:
            data = self._source.read(path)
            if data is None:
                raise InstarError("this file cannot be read.", path=path)
            self._files[path] = SyntaxFile(path, data)
        return self._files[path]

    def at(self, place: Place, *, whole: bool = True) -> tuple[SyntaxFile, Node]:
        """The node at a place; with `whole`, the pair that it is the key of."""
        file = self.file(place.path)
        line = file.source.split(b"\n")[place.line - 1].decode("utf-8", "replace")
        column = len(line[: place.column - 1].encode())
        point = (place.line - 1, column)
        node = file.root.named_descendant_for_point_range(point, point)
        if node is None:
            raise InstarError("this declaration cannot be found again.", path=place.path, line=place.line)
        if whole and node.parent is not None and node.parent.type == "pair":
            return file, node.parent
        if (
            whole
            and node.parent is not None
            and node.parent.parent is not None
            and node.parent.parent.type == "pair"
        ):
            return file, node.parent.parent
        return file, node

    def definition(self, table: Table) -> tuple[SyntaxFile, Node]:
        """The `defineTable(…)` call of a table, whether it stands in the schema or in a constant of its own."""
        for path in dict.fromkeys(self._candidates(table)):
            file = self.file(path)
            calls = [
                node
                for node in walk(file.root)
                if node.type == "call_expression" and self._defines(file, node)
            ]
            own = [call for call in calls if self._belongs(file, call, table)]
            if len(own) == 1:
                return file, own[0]
        raise InstarError(
            f"the definition of table {table.name} cannot be found; change it by hand.", path=self._path
        )

    def chain_end(self, file: SyntaxFile, call: Node) -> tuple[int, str]:
        """The end of the calls chained onto `defineTable(…)`, and the indentation of a further one."""
        at, indent = call, ""
        while (
            at.parent is not None and at.parent.type == "member_expression" and at.parent.parent is not None
        ):
            dot = next((child for child in at.parent.children if child.type == "."), None)
            if dot is not None and dot.start_point[0] > at.end_point[0]:
                line = file.source.split(b"\n")[dot.start_point[0]].decode()
                indent = line[: len(line) - len(line.lstrip())]
            at = at.parent.parent
        if not indent:
            line = file.source.split(b"\n")[call.start_point[0]].decode()
            indent = line[: len(line) - len(line.lstrip())] + "  "
        return at.end_byte, indent

    def tables_object(self, file: SyntaxFile) -> Node:
        """The object of tables inside `defineSchema({ … })`."""
        for node in walk(file.root):
            function = node.child_by_field_name("function") if node.type == "call_expression" else None
            if function is not None and file.text(function) in {"defineSchema", "defineEntSchema"}:
                given = [unwrap(one) for one in arguments(node)]
                if given and given[0].type == "object":
                    return given[0]
        raise InstarError(
            "defineSchema({ … }) with its tables written inside cannot be found here.", path=file.path
        )

    def _candidates(self, table: Table) -> list[str]:
        places = (
            [field.place for field in table.fields] + [index.place for index in table.indexes] + [table.place]
        )
        return [place.path for place in places if place is not None and not place.path.startswith("<")]

    @staticmethod
    def _defines(file: SyntaxFile, node: Node) -> bool:
        function = node.child_by_field_name("function")
        return function is not None and file.text(function) in TABLE_BUILDERS

    def _belongs(self, file: SyntaxFile, call: Node, table: Table) -> bool:
        """Whether a definition is that of a table: it holds its declarations, or stands under its name."""
        start, end = call.start_point[0] + 1, call.end_point[0] + 1
        inside = [f.place for f in table.fields if f.place is not None and f.place.path == file.path]
        if any(start <= place.line <= end for place in inside):
            return True
        pair = call.parent
        while pair is not None and pair.type in {"call_expression", "member_expression"}:
            pair = pair.parent
        if pair is None or pair.type != "pair":
            return False
        name = pair.child_by_field_name("key")
        return (
            name is not None
            and (string_value(file, name) if name.type == "string" else file.text(name)) == table.name
        )
