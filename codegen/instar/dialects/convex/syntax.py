"""TypeScript text to syntax trees, and the few questions that everything else asks of a tree."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Tree

from instar.schema.model import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

SUFFIXES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
LARGEST_FILE = 2_000_000
"""Bytes; a larger file is generated data, and parsing it would take seconds."""

_TRANSPARENT = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"}
)


@cache
def _parser(*, tsx: bool) -> Parser:
    grammar = tree_sitter_typescript.language_tsx() if tsx else tree_sitter_typescript.language_typescript()
    return Parser(Language(grammar))


class SyntaxFile:
    """A parsed file: its path, its bytes and its tree."""

    __slots__ = ("_ascii", "_lines", "path", "source", "tree")

    def __init__(self, path: str, source: bytes) -> None:
        self.path = path
        self.source = source
        self.tree: Tree = _parser(tsx=path.endswith((".tsx", ".jsx"))).parse(source)
        self._ascii = source.isascii()
        self._lines: list[bytes] | None = None

    @property
    def root(self) -> Node:
        """The program."""
        return self.tree.root_node

    def text(self, node: Node) -> str:
        """The source of a node."""
        return self.source[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def place(self, node: Node) -> Place:
        """Where a node starts; columns count characters."""
        return Place(self.path, node.start_point[0] + 1, self.column(node.start_point))

    def column(self, point: tuple[int, int]) -> int:
        """The 1-based column, in characters, of tree-sitter's row and byte column."""
        row, offset = point
        if self._ascii:
            return offset + 1
        if self._lines is None:
            self._lines = self.source.split(b"\n")
        return len(self._lines[row][:offset].decode("utf-8", "replace")) + 1


def first_error(node: Node) -> Node | None:
    """The first ERROR or MISSING node at or below `node`, if its subtree has one."""
    if not node.has_error:
        return None
    current = node
    while not (current.is_error or current.is_missing):
        deeper = next((child for child in current.children if child.has_error or child.is_missing), None)
        if deeper is None:
            return current
        current = deeper
    return current


def unwrap(node: Node) -> Node:
    """The expression inside parentheses, casts, `satisfies` and `!`, none of which change a value."""
    while node.type in _TRANSPARENT or node.type == "type_assertion":
        inner = node.named_children
        if not inner:
            return node
        node = inner[-1] if node.type == "type_assertion" else inner[0]
    return node


def arguments(call: Node) -> list[Node]:
    """The argument expressions of a call, comments left out; empty for a tagged template."""
    listed = call.child_by_field_name("arguments")
    if listed is None or listed.type != "arguments":
        return []
    return [child for child in listed.named_children if child.type != "comment"]


def walk(node: Node) -> Iterator[Node]:
    """All nodes at and below `node`, in source order, without recursion."""
    stack = [node]
    while stack:
        current = stack.pop()
        yield current
        stack.extend(reversed(current.children))


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def unescape(text: str) -> str:
    r"""The character that an escape sequence of a string literal stands for (`\n`, `\u{1F600}`, `\x41`)."""
    body = text[1:]
    if body[:1] in "ux":
        digits = body[1:].strip("{}")
        try:
            return chr(int(digits, 16))
        except (ValueError, OverflowError):
            return text
    if body in {"\n", "\r\n"}:
        return ""
    return _ESCAPES.get(body, body)


def string_value(file: SyntaxFile, node: Node) -> str:
    """The value of a `string` node, or of the text parts of a template."""
    parts: list[str] = []
    for child in node.children:
        if child.type == "string_fragment":
            parts.append(file.text(child))
        elif child.type == "escape_sequence":
            parts.append(unescape(file.text(child)))
    return "".join(parts)
