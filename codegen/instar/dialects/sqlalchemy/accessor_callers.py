"""Calls of an accessor back to plain attribute access, when the field needs it no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
import msgspec
from libcst.metadata import MetadataWrapper, QualifiedNameProvider, QualifiedNameSource

from instar.dialects.sqlalchemy.editing.imports import Import, with_imports

if TYPE_CHECKING:
    from collections.abc import Sequence

    from libcst.codemod import CodemodContext

    from instar.config import Config
    from instar.sources import Source


class Inlined(msgspec.Struct, frozen=True):
    """Accessors that go: their module, their names with the attributes instead, and the qualified class of the rows."""

    module: str
    names: tuple[tuple[str, str], ...]
    model: str


def inline_accessors(source: Source, config: Config, finished: Sequence[Inlined]) -> dict[str, str]:
    """The files that call these accessors, with attributes instead; comments and formatting are kept.

    A file that does not parse is left alone: the linter shows what it still calls.
    """
    del config
    if not finished:
        return {}
    edited: dict[str, str] = {}
    words = {one.module.rpartition(".")[2].encode() for one in finished}
    paths = [file.path for file in source.files((".py",))]
    for path, data in source.read_many(paths).items():
        if not any(word in data for word in words):
            continue
        try:
            text = data.decode()
            changed = _inlined(text, finished)
        except (UnicodeDecodeError, cst.ParserSyntaxError):
            continue
        if changed != text:
            edited[path] = changed
    return edited


def _inlined(text: str, finished: Sequence[Inlined]) -> str:
    # A good part of the time of `instar generate`, and only the contract of an accessor needs it.
    from libcst.codemod import CodemodContext  # noqa: PLC0415 - see above
    from libcst.codemod.visitors import RemoveImportsVisitor  # noqa: PLC0415 - see above

    wrapper = MetadataWrapper(cst.parse_module(text))
    context = CodemodContext(wrapper=wrapper)
    rewrite = _Rewrite(context, finished)
    tree = wrapper.visit(rewrite)
    if not rewrite.changed:
        return text
    tree = with_imports(tree, rewrite.needed)
    return RemoveImportsVisitor(CodemodContext(scratch=context.scratch)).transform_module(tree).code


class _Rewrite(cst.CSTTransformer):
    METADATA_DEPENDENCIES = (QualifiedNameProvider,)

    def __init__(self, context: CodemodContext, finished: Sequence[Inlined]) -> None:
        super().__init__()
        self.changed = False
        self.needed: set[Import] = set()
        self._context = context
        self._reads = {f"{one.module}.{name}": to for one in finished for name, to in one.names}
        self._queries = {
            f"{one.module}.{name}_expression": (one.model, to) for one in finished for name, to in one.names
        }
        self._writes = {f"{one.module}.set_{name}": to for one in finished for name, to in one.names}

    def _meant(self, node: cst.CSTNode) -> str | None:
        names = self.get_metadata(QualifiedNameProvider, node, set())
        found = [one.name for one in names if one.source is QualifiedNameSource.IMPORT]
        return found[0] if len(found) == 1 else None

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> cst.BaseSmallStatement:  # noqa: N802 - LibCST's naming
        call = original_node.value
        if not isinstance(call, cst.Call) or len(call.args) != 2:
            return updated_node
        name = self._writes.get(self._meant(call.func) or "")
        if name is None or not isinstance(updated_node.value, cst.Call):
            return updated_node
        self._done(original_node.value)
        row, value = (argument.value for argument in updated_node.value.args)
        return cst.Assign([cst.AssignTarget(cst.Attribute(row, cst.Name(name)))], value)

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.BaseExpression:  # noqa: N802 - LibCST's naming
        meant = self._meant(original_node.func)
        if meant in self._reads and len(updated_node.args) == 1:
            self._done(original_node)
            row = updated_node.args[0].value
            plain = isinstance(row, (cst.Name, cst.Attribute, cst.Call, cst.Subscript))
            target = row if plain else row.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
            return cst.Attribute(target, cst.Name(self._reads[meant]))
        if meant in self._queries and not updated_node.args:
            self._done(original_node)
            model, name = self._queries[meant]
            module, _, short = model.rpartition(".")
            self.needed.add((module, short))
            return cst.Attribute(cst.Name(short), cst.Name(name))
        return updated_node

    def _done(self, node: cst.BaseExpression) -> None:
        self.changed = True
        if isinstance(node, cst.Call):
            from libcst.codemod.visitors import RemoveImportsVisitor  # noqa: PLC0415 - see `_inlined`

            RemoveImportsVisitor.remove_unused_import_by_node(self._context, node.func)
