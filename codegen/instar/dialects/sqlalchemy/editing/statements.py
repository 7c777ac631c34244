"""Statements of a module and of its classes, found by line, replaced, taken out and put in."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@functools.lru_cache(maxsize=8)
def parsed(text: str, path: str) -> Module:
    """The module of a text: an edit looks at the same few versions of a file several times.

    Raises:
        InstarError: The file does not parse.
    """
    return Module(text, path)


class Module:
    """A parsed file, with the lines that its statements cover.

    Raises:
        InstarError: The file does not parse.
    """

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        try:
            parsed = cst.parse_module(text)
        except cst.ParserSyntaxError as error:
            raise InstarError(
                "this file does not parse, so that it cannot be edited; correct it first.",
                path=path,
                line=error.raw_line,
            ) from None
        self._wrapper = MetadataWrapper(parsed)
        self.tree = self._wrapper.module
        self._positions = self._wrapper.resolve(PositionProvider)

    def line(self, node: cst.CSTNode) -> int:
        """The first line of a node, without its comments."""
        return int(self._positions[node].start.line)

    def covers(self, node: cst.CSTNode, line: int) -> bool:
        """Whether a node has a part in that line."""
        found = self._positions[node]
        return bool(found.start.line <= line <= found.end.line)

    def class_at(self, line: int) -> cst.ClassDef | None:
        """The innermost class whose statement covers a line, its decorators included."""
        found: cst.ClassDef | None = None
        todo: list[cst.CSTNode] = [self.tree]
        while todo:
            node = todo.pop()
            for child in node.children:
                if isinstance(child, cst.ClassDef) and self.covers(child, line):
                    found = child
                if isinstance(child, (cst.ClassDef, cst.IndentedBlock, cst.If, cst.Else, cst.Try)):
                    todo.append(child)
        return found

    def statement_at(self, line: int) -> cst.SimpleStatementLine | None:
        """The simple statement of a class or of the module that covers a line."""
        owner = self.class_at(line)
        body: Sequence[cst.CSTNode] = owner.body.body if owner is not None else self.tree.body
        return next(
            (one for one in body if isinstance(one, cst.SimpleStatementLine) and self.covers(one, line)), None
        )

    def source(self, node: cst.CSTNode) -> str:
        """The text of a node."""
        return self.tree.code_for_node(node)


class Splice(cst.CSTTransformer):
    """Puts statements in the place of others, after others, or at the end of a class.

    Args:
        replaced: What each statement becomes; nothing takes it out.
        after: What follows a statement.
        at_end: What is appended to a class.
    """

    def __init__(
        self,
        replaced: Mapping[cst.CSTNode, Sequence[cst.SimpleStatementLine]],
        after: Mapping[cst.CSTNode, Sequence[cst.SimpleStatementLine]],
        at_end: Mapping[cst.CSTNode, Sequence[cst.SimpleStatementLine]],
    ) -> None:
        super().__init__()
        self._replaced, self._after, self._at_end = replaced, after, at_end

    def leave_SimpleStatementLine(  # noqa: N802 - LibCST's naming
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine] | cst.RemovalSentinel:
        """Replace or follow one statement."""
        follow = list(self._after.get(original_node, ()))
        if original_node not in self._replaced:
            return cst.FlattenSentinel([updated_node, *follow]) if follow else updated_node
        become = [*self._replaced[original_node], *follow]
        if not become:
            return cst.RemoveFromParent()
        first = become[0].with_changes(leading_lines=updated_node.leading_lines)
        return cst.FlattenSentinel([first, *become[1:]])

    def leave_ClassDef(  # noqa: N802 - LibCST's naming
        self, original_node: cst.ClassDef, updated_node: cst.ClassDef
    ) -> cst.ClassDef:
        """Append to a class; one that has lost every statement keeps a `pass`."""
        body = updated_node.body
        if not isinstance(body, cst.IndentedBlock):
            return updated_node
        statements = [*body.body, *self._at_end.get(original_node, ())]
        if not statements:
            statements = [cst.SimpleStatementLine([cst.Pass()])]
        return updated_node.with_changes(body=body.with_changes(body=statements))


def parsed_statement(text: str) -> cst.SimpleStatementLine:
    """One statement from its text, with its trailing comment."""
    module = cst.parse_module(text.strip() + "\n")
    statement = module.body[0]
    assert isinstance(statement, cst.SimpleStatementLine)
    return statement.with_changes(leading_lines=())
