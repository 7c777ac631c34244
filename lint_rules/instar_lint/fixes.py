"""`instar fix`: findings mended in place by LibCST; formatting and comments are kept.

A finding is mended where it says how (`FixHint`) and the code at its place is still what it was found on; anything
else is left alone. Mending twice changes nothing: what is mended is found no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst
import msgspec
from libcst.metadata import MetadataWrapper, PositionProvider

from instar.dialects.sqlalchemy.editing.imports import imported, names_used, with_imports
from instar_lint.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar_lint.findings import FixHint


Position = tuple[int, int]


class Mended(msgspec.Struct, frozen=True):
    """One file after its fixes: its new text, and the findings that were mended."""

    text: str
    findings: tuple[Finding, ...]


def mend(text: str, findings: Iterable[Finding]) -> Mended:
    """Mend what can be mended in one file.

    Args:
        text: The file.
        findings: Those in this file; only proven ones with a hint are mended.

    Returns:
        The text as it was where nothing could be mended, or where the file does not parse.
    """
    wanted = {(f.place.line, f.place.column): f for f in findings if f.fix and f.confidence == "proven"}
    if not wanted:
        return Mended(text, ())
    try:
        wrapper = MetadataWrapper(cst.parse_module(text))
    except (cst.ParserSyntaxError, RecursionError):
        return Mended(text, ())
    tree = wrapper.module
    modules = _module_names(tree, [f.fix for f in wanted.values() if f.fix])
    hints = {place: finding.fix for place, finding in wanted.items() if finding.fix}
    mender = _Mender(hints, wrapper.resolve(PositionProvider), modules)
    changed = tree.visit(mender)
    done = tuple(finding for place, finding in sorted(wanted.items()) if place in mender.done)
    needed = {
        (module.rpartition(".")[0], module.rpartition(".")[2], modules[module]) for module in mender.needed
    }
    return Mended(_with_aliases(changed, needed).code, done)


def _with_aliases(tree: cst.Module, needed: set[tuple[str, str, str]]) -> cst.Module:
    plain = {(package, name) for package, name, alias in needed if name == alias}
    tree = with_imports(tree, plain) if plain else tree
    for package, name, alias in sorted(needed):
        if alias != name and imported(tree).get(alias) != (package, name):
            statement = cst.parse_statement(f"from {package} import {name} as {alias}")
            tree = _after_imports(tree, statement)
    return tree


def _after_imports(
    tree: cst.Module, statement: cst.SimpleStatementLine | cst.BaseCompoundStatement
) -> cst.Module:
    """With a statement behind the last import at the top of the module."""
    last = -1
    for number, line in enumerate(tree.body):
        imports = isinstance(line, cst.SimpleStatementLine) and isinstance(
            line.body[0], cst.Import | cst.ImportFrom
        )
        last = number if imports else last
    body = list(tree.body)
    body.insert(last + 1, statement)
    return tree.with_changes(body=body)


def _module_names(tree: cst.Module, hints: Iterable[FixHint]) -> dict[str, str]:
    """What each accessor module is called in this file: its own name, or another one where that is taken."""
    bound = imported(tree)
    used = names_used(tree)
    names: dict[str, str] = {}
    for hint in hints:
        module = hint.accessor.rpartition(".")[0]
        if not module:
            continue
        package, _, name = module.rpartition(".")
        known = next((alias for alias, what in bound.items() if what == (package, name)), None)
        names[module] = known or (name if name not in used else f"{name}_accessors")
    return names


class _Mender(cst.CSTTransformer):
    """Puts the replacement at each place; what is assigned to is never replaced."""

    def __init__(
        self,
        hints: Mapping[Position, FixHint],
        positions: Mapping[cst.CSTNode, object],
        modules: Mapping[str, str],
    ) -> None:
        super().__init__()
        self.done: set[Position] = set()
        self.needed: set[str] = set()
        self._modules = modules
        self._targets: set[cst.CSTNode] = set()
        self._hints = hints
        self._positions = positions

    def _hint(self, node: cst.CSTNode, name: str) -> tuple[Position, FixHint] | None:
        place = self._positions[node].start  # type: ignore[attr-defined]  # LibCST's mapping is untyped
        position = (place.line, place.column + 1)
        hint = self._hints.get(position)
        return (position, hint) if hint is not None and hint.name == name else None

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:  # noqa: N802 - LibCST's naming
        self._targets.add(node.target)

    def visit_AugAssign(self, node: cst.AugAssign) -> None:  # noqa: N802 - LibCST's naming
        self._targets.add(node.target)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:  # noqa: N802 - LibCST's naming
        self._targets.add(node.target)

    def visit_Del(self, node: cst.Del) -> None:  # noqa: N802 - LibCST's naming
        self._targets.add(node.target)

    def leave_Attribute(  # noqa: N802 - LibCST's naming
        self, original_node: cst.Attribute, updated_node: cst.Attribute
    ) -> cst.BaseExpression:
        found = self._hint(original_node.attr, original_node.attr.value)
        if found is None:
            return updated_node
        position, hint = found
        if hint.kind == "rename":
            self.done.add(position)
            return updated_node.with_changes(attr=cst.Name(hint.partner))
        if original_node in self._targets:
            return updated_node
        if hint.kind == "write" or not hint.accessor:
            return updated_node
        module, _, function = hint.accessor.rpartition(".")
        self.done.add(position)
        self.needed.add(module)
        callee = cst.Attribute(cst.Name(self._modules[module]), cst.Name(function))
        arguments = [cst.Arg(updated_node.value)] if hint.kind == "read" else []
        return cst.Call(callee, arguments, lpar=updated_node.lpar, rpar=updated_node.rpar)

    def leave_Assign(self, original_node: cst.Assign, updated_node: cst.Assign) -> cst.Assign:  # noqa: N802 - LibCST's naming
        """`row.new = value` becomes `row.new = row.old = value`: the value is computed once."""
        more: list[cst.AssignTarget] = []
        for original in original_node.targets:
            target = original.target
            if not isinstance(target, cst.Attribute):
                continue
            found = self._hint(target.attr, target.attr.value)
            if found is not None and found[1].kind == "write":
                self.done.add(found[0])
                more.append(cst.AssignTarget(target.with_changes(attr=cst.Name(found[1].partner))))
        return updated_node.with_changes(targets=[*updated_node.targets, *more]) if more else updated_node

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802 - LibCST's naming
        """`Row(new=value)` becomes `Row(new=value, old=value)` where the value is a name or a literal."""
        arguments: list[cst.Arg] = []
        changed = False
        for original, argument in zip(original_node.args, updated_node.args, strict=True):
            arguments.append(argument)
            found = self._hint(original.keyword, original.keyword.value) if original.keyword else None
            if found is not None and found[1].kind == "rename":
                self.done.add(found[0])
                changed = True
                arguments[-1] = argument.with_changes(keyword=cst.Name(found[1].partner))
                continue
            if found is None or found[1].kind != "write" or not _is_simple(argument.value):
                continue
            self.done.add(found[0])
            changed = True
            arguments[-1] = argument.with_changes(comma=_comma(argument))
            arguments.append(argument.with_changes(keyword=cst.Name(found[1].partner)))
        return updated_node.with_changes(args=arguments) if changed else updated_node


def _is_simple(value: cst.BaseExpression) -> bool:
    """Whether it may be written twice: a literal, a name, or an attribute of one."""
    while isinstance(value, cst.Attribute):
        value = value.value
    return isinstance(value, cst.Name | cst.SimpleString | cst.Integer | cst.Float)


def _comma(argument: cst.Arg) -> cst.Comma:
    """The comma behind an argument that is no longer the last one."""
    if isinstance(argument.comma, cst.Comma):
        return argument.comma
    return cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
