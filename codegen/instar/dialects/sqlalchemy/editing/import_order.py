"""Where a new import goes: into the section and at the place that isort and ruff give it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import libcst as cst
from libcst.helpers import get_full_name_for_node

if TYPE_CHECKING:
    from collections.abc import Sequence

Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement

_BLANK = cst.EmptyLine(indent=False)


def with_import(tree: cst.Module, module: str, name: str | None, alias: str | None = None) -> cst.Module:
    """The module with an import of another module that it does not import in this form yet.

    It joins the section with an import of the same package, else the one of its kind (the standard library's, or the
    last one of other absolute imports), else it begins a section. Inside, `import x` stands before `from x import y`,
    each by module.

    Args:
        tree: The file.
        module: The absolute name of the other module.
        name: What is imported from it; None for the module itself.
        alias: What it is called here, where that differs.
    """
    text = f"import {module}" if name is None else f"from {module} import {name}"
    statement = cst.parse_statement(text + (f" as {alias}" if alias else "") + "\n")
    body = list(tree.body)
    section = _section_for(module, body)
    if section:
        at = next((n for n in section if _order(body[n]) > _order(statement)), section[-1] + 1)
        if at == section[0]:
            above, attached = lines_over(body[at])
            statement = statement.with_changes(leading_lines=above)
            body[at] = body[at].with_changes(leading_lines=[_BLANK, *attached] if attached else [])
    else:
        at = _start(module, tree)
        statement = statement.with_changes(leading_lines=[_BLANK] if at else [])
        if at < len(body) and not lines_over(body[at])[0]:
            body[at] = body[at].with_changes(leading_lines=[_BLANK, *body[at].leading_lines])
    return tree.with_changes(body=[*body[:at], statement, *body[at:]])


def _section_for(module: str, body: Sequence[Statement]) -> Sequence[int]:
    """The positions of the imports that a new one joins; empty where there are none of its kind."""
    package = module.partition(".")[0]
    sections = _sections(body)
    packages = [{(_module(body[n]) or "").partition(".")[0] for n in section} for section in sections]
    for section, names in zip(reversed(sections), reversed(packages), strict=True):
        if package in names:
            return section
    for section, names in zip(reversed(sections), reversed(packages), strict=True):
        if any(name and _is_standard(name) == _is_standard(package) for name in names):
            return section
    return ()


def _sections(body: Sequence[Statement]) -> list[list[int]]:
    """The positions of imports, split where a blank line or another statement parts them."""
    found: list[list[int]] = []
    for n, one in enumerate(body):
        if _module(one) in {None, "__future__"}:
            continue
        if found and found[-1][-1] == n - 1 and not lines_over(one)[0]:
            found[-1].append(n)
        else:
            found.append([n])
    return found


def _start(module: str, tree: cst.Module) -> int:
    """Where a section of its own begins: the standard library's before all others, relative imports behind."""
    ahead = [
        n
        for n, one in enumerate(tree.body)
        if (other := _module(one)) is not None
        and (other == "__future__" or (not _is_standard(module) and not other.startswith(".")))
    ]
    if ahead:
        return ahead[-1] + 1
    return 1 if tree.get_docstring() is not None else 0


def lines_over(statement: Statement) -> tuple[Sequence[cst.EmptyLine], Sequence[cst.EmptyLine]]:
    """The lines over a statement: those down to the last blank one, and the comments that belong to it."""
    lines = statement.leading_lines
    blank = max((n for n, line in enumerate(lines) if line.comment is None), default=-1)
    return lines[: blank + 1], lines[blank + 1 :]


def _order(statement: Statement) -> tuple[bool, str]:
    first = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    return isinstance(first, cst.ImportFrom), (_module(statement) or "").lower()


def _module(statement: Statement) -> str | None:
    """What a statement imports, or imports from, with its dots; None for what is no import."""
    first = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
    if isinstance(first, cst.Import):
        return get_full_name_for_node(first.names[0].name)
    if isinstance(first, cst.ImportFrom):
        return "." * len(first.relative) + ((first.module and get_full_name_for_node(first.module)) or "")
    return None


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names
