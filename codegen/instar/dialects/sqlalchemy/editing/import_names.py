"""One name more or fewer in the imports that a module has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def with_name(tree: cst.Module, statement: cst.ImportFrom, name: str) -> cst.Module:
    """The module with one name more at the end of an import; the layout of its others is kept.

    Args:
        tree: The module.
        statement: An import of names in it, at its own level.
        name: What it is to import besides.
    """
    assert not isinstance(statement.names, cst.ImportStar)
    *others, last = statement.names
    between = others[-1].comma if others else _only(statement)
    end = last.comma
    names = [*others, last.with_changes(comma=between), cst.ImportAlias(cst.Name(name), comma=end)]
    if any(alias.evaluated_name == name and alias.asname is None for alias in statement.names):
        return tree
    changed = tree.deep_replace(statement, statement.with_changes(names=names))
    assert isinstance(changed, cst.Module)
    return changed


def _only(statement: cst.ImportFrom) -> cst.Comma:
    """What parts a second name from the only one: a line break where that stands on a line of its own."""
    opening = statement.lpar.whitespace_after if statement.lpar is not None else cst.SimpleWhitespace("")
    lines = isinstance(opening, cst.ParenthesizedWhitespace)
    return cst.Comma(whitespace_after=opening if lines else cst.SimpleWhitespace(" "))


def without_names(tree: cst.Module, names: Collection[str]) -> cst.Module:
    """The module without its absolute imports that bind one of these names."""
    return tree.visit(_Without(frozenset(names)))


class _Without(cst.CSTTransformer):
    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self._names = names

    def leave_Import(  # noqa: N802 - LibCST's naming
        self, original_node: cst.Import, updated_node: cst.Import
    ) -> cst.Import | cst.RemovalSentinel:
        """Without the modules that nothing uses any more."""
        kept = self._kept(updated_node.names, original_node.names)
        return updated_node.with_changes(names=kept) if kept else cst.RemoveFromParent()

    def leave_ImportFrom(  # noqa: N802 - LibCST's naming
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> cst.ImportFrom | cst.RemovalSentinel:
        """Without the names that nothing uses any more."""
        if isinstance(updated_node.names, cst.ImportStar) or original_node.relative:
            return updated_node
        kept = self._kept(updated_node.names, updated_node.names)
        return updated_node.with_changes(names=kept) if kept else cst.RemoveFromParent()

    def _kept(
        self, names: Sequence[cst.ImportAlias], before: Sequence[cst.ImportAlias]
    ) -> Sequence[cst.ImportAlias]:
        kept = [alias for alias in names if _bound(alias) not in self._names]
        if not kept or len(kept) == len(before):
            return kept
        return [*kept[:-1], kept[-1].with_changes(comma=names[-1].comma)]


def _bound(alias: cst.ImportAlias) -> str:
    return alias.evaluated_alias or alias.evaluated_name.split(".")[0]
