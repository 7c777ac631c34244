"""What a module imports, and what an edit needs besides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from instar.dialects.sqlalchemy.editing.import_names import with_name, without_names
from instar.dialects.sqlalchemy.editing.import_order import with_import

if TYPE_CHECKING:
    from collections.abc import Iterable

Import = tuple[str, str | None]
"""A module, and the name that is imported from it; None for the module itself."""


def imported(tree: cst.Module) -> dict[str, Import]:
    """Names that the module's imports bind, wherever they stand, and what they are."""
    found: dict[str, Import] = {}

    class Collector(cst.CSTVisitor):
        def visit_Assign(self, node: cst.Assign) -> bool:  # noqa: ARG002, N802 - LibCST's signature
            return False  # no import stands in there, and a large module is mostly assignments

        def visit_AnnAssign(self, node: cst.AnnAssign) -> bool:  # noqa: ARG002, N802 - LibCST's signature
            return False

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
    """The module with these imports added, each where the others of its module stand, else where it belongs."""
    absolute = sorted((one for one in needed if not one[0].startswith(".")), key=str)
    if not absolute:
        return tree
    sorted_before = _sorted_modules(tree)
    for module, name in absolute:
        found = _importing(tree, module, plain=name is None)
        if found is None:
            tree = with_import(tree, module, name)
        elif name is not None and isinstance(found, cst.ImportFrom):
            tree = with_name(tree, found, name)
    return tree.visit(_SortNames(sorted_before))


def with_used(tree: cst.Module, needed: Iterable[Import]) -> cst.Module:
    """The module with those of these imports that it has come to use."""
    used = _used(tree)
    return with_imports(tree, [one for one in needed if (one[1] or one[0].split(".")[0]) in used])


def _importing(tree: cst.Module, module: str, *, plain: bool) -> cst.Import | cst.ImportFrom | None:
    """The statement of the module's own level that imports that module, or names from it."""
    for line in tree.body:
        for one in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if plain and isinstance(one, cst.Import):
                if any(alias.evaluated_name == module and alias.asname is None for alias in one.names):
                    return one
            elif not plain and isinstance(one, cst.ImportFrom) and not one.relative:
                star = isinstance(one.names, cst.ImportStar)
                if not star and one.module is not None and _dotted(one.module) == module:
                    return one
    return None


def without_unused(before: cst.Module, after: cst.Module) -> cst.Module:
    """The edited module without imports that the edit has left without a use."""
    bound = imported(after)
    idle = bound.keys() & (_used(before) - _used(after))
    return without_names(after, idle) if idle else after


def _used(tree: cst.Module) -> set[str]:
    """Bare names outside imports, and words of strings, which may be annotations."""
    found: set[str] = set()

    class Collector(cst.CSTVisitor):
        def visit_Import(self, node: cst.Import) -> bool:  # noqa: ARG002, N802 - LibCST's signature
            return False

        def visit_ImportFrom(self, node: cst.ImportFrom) -> bool:  # noqa: ARG002, N802 - LibCST's signature
            return False

        def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - LibCST's naming
            found.add(node.value)

        def visit_SimpleString(self, node: cst.SimpleString) -> None:  # noqa: N802 - LibCST's naming
            found.update(re.findall(r"\w+", node.raw_value))

    tree.visit(Collector())
    return found


def _rank(alias: cst.ImportAlias) -> tuple[int, str]:
    """Constants, classes, then the rest, each by name: the order of isort and ruff."""
    name = alias.evaluated_name
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return (kind, name)


def _sorted_modules(tree: cst.Module) -> set[str]:
    """The modules whose imported names stand in order."""
    found: set[str] = set()

    class Collector(cst.CSTVisitor):
        def visit_ImportFrom(self, node: cst.ImportFrom) -> None:  # noqa: N802 - LibCST's naming
            if not isinstance(node.names, cst.ImportStar) and node.module is not None:
                ranks = [_rank(alias) for alias in node.names]
                if ranks == sorted(ranks):
                    found.add(_dotted(node.module))

    tree.visit(Collector())
    return found


class _SortNames(cst.CSTTransformer):
    """Puts the names of an import in order again where they were before one was added."""

    def __init__(self, modules: set[str]) -> None:
        super().__init__()
        self._modules = modules

    def leave_ImportFrom(self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom) -> cst.ImportFrom:  # noqa: ARG002, N802 - LibCST's signature
        names = updated_node.names
        if isinstance(names, cst.ImportStar) or updated_node.module is None:
            return updated_node
        ranks = [_rank(alias) for alias in names]
        if _dotted(updated_node.module) not in self._modules or ranks == sorted(ranks):
            return updated_node
        commas = [alias.comma for alias in names]
        ordered = sorted(names, key=_rank)
        return updated_node.with_changes(
            names=[a.with_changes(comma=comma) for a, comma in zip(ordered, commas, strict=True)]
        )


def _dotted(node: cst.Attribute | cst.Name) -> str:
    if isinstance(node, cst.Name):
        return node.value
    assert isinstance(node.value, (cst.Attribute, cst.Name))
    return f"{_dotted(node.value)}.{node.attr.value}"
