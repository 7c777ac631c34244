"""What a module imports, and what an edit needs besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor

if TYPE_CHECKING:
    from collections.abc import Iterable

Import = tuple[str, str | None]
"""A module, and the name that is imported from it; None for the module itself."""


def imported(tree: cst.Module) -> dict[str, Import]:
    """Names that the module's imports bind, wherever they stand, and what they are."""
    found: dict[str, Import] = {}

    class Collector(cst.CSTVisitor):
        def visit_Import(self, node: cst.Import) -> None:  # noqa: N802 - LibCST's naming
            for alias in node.names:
                found[alias.evaluated_alias or alias.evaluated_name.split(".")[0]] = (
                    alias.evaluated_name,
                    None,
                )

        def visit_ImportFrom(self, node: cst.ImportFrom) -> None:  # noqa: N802 - LibCST's naming
            if isinstance(node.names, cst.ImportStar) or node.module is None:
                return
            module = "." * len(node.relative) + _dotted(node.module)
            for alias in node.names:
                found[alias.evaluated_alias or alias.evaluated_name] = (module, alias.evaluated_name)

    tree.visit(Collector())
    return found


def names_used(node: cst.CSTNode) -> set[str]:
    """Bare names in an expression or a statement, those in quoted annotations included."""
    found: set[str] = set()

    class Collector(cst.CSTVisitor):
        def visit_Name(self, name: cst.Name) -> None:  # noqa: N802 - LibCST's naming
            found.add(name.value)

    node.visit(Collector())
    return found


def with_imports(tree: cst.Module, needed: Iterable[Import]) -> cst.Module:
    """The module with these imports added, each where the others of its module stand."""
    context = CodemodContext()
    for module, name in sorted(needed, key=str):
        relative = len(module) - len(module.lstrip("."))
        if not relative:
            AddImportsVisitor.add_needed_import(context, module, name)
    return AddImportsVisitor(context).transform_module(tree)


def _dotted(node: cst.Attribute | cst.Name) -> str:
    if isinstance(node, cst.Name):
        return node.value
    assert isinstance(node.value, (cst.Attribute, cst.Name))
    return f"{_dotted(node.value)}.{node.attr.value}"
