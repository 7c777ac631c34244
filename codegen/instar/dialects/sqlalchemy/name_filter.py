"""The filters in Alembic's `env.py` that keep autogenerate away from instar's tables and from what is in flight."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from instar.dialects.sqlalchemy.editing.import_order import lines_over
from instar.dialects.sqlalchemy.editing.imports import with_imports

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLOCK = '''\
IN_FLIGHT = {{
    key
    for path in Path(__file__).resolve().parents[{depth}].glob("{versions}/*.json")
    for key in json.loads(path.read_bytes()).get("migration", {{}}).get("in_flight", ())
}}


def include_name(name, type_, parent_names):
    """Keep autogenerate away from the tables that instar keeps for itself."""
    return not (type_ == "table" and name.startswith("instar_"))


def include_object(obj, name, type_, reflected, compare_to):
    """Keep autogenerate away from what a migration of instar has in flight, and what is over it."""
    names = (name, *(column.name for column in getattr(obj, "columns", ())))
    return not any(f"{{getattr(obj, 'table', None)}}.{{one}}" in IN_FLIGHT for one in names)
'''
_FILTERS = ("include_name", "include_object")


def block(env: str, versions: str) -> str:
    """The source of both filters.

    Args:
        env: The path of `env.py`, relative to the repository root.
        versions: The folder of snapshots and migrations, relative to it too.
    """
    return _BLOCK.format(depth=env.count("/"), versions=versions.rstrip("/"))


def snippet(env: str, versions: str) -> str:
    """What to write by hand where an `env.py` cannot be edited safely; arguments as for `block`."""
    given = ", ".join(f"{name}={name}" for name in _FILTERS)
    return f"import json\nfrom pathlib import Path\n\n{block(env, versions)}\ncontext.configure(..., {given})"


def has_filter(text: str) -> bool:
    """Whether an `env.py` has our filters already."""
    return all(name in text for name in ("instar_", *_FILTERS))


def with_filter(text: str, env: str, versions: str) -> str | None:
    """The text of an `env.py` with the filters given to every `context.configure`.

    Args:
        text: The file.
        env: Its path, relative to the repository root.
        versions: The folder of snapshots and migrations, relative to it too.

    Returns:
        None where that cannot be done safely: it has a filter of its own, never calls `context.configure` itself, or does
        not parse. Keywords that a call passes on (`**options`, as Flask-Migrate's template does) win over the filters.
    """
    try:
        module = cst.parse_module(text)
    except cst.ParserSyntaxError:
        return None
    editor = _Editor()
    edited = module.visit(editor)
    if editor.unsafe or not editor.calls:
        return None
    edited = edited.with_changes(body=_with_block(edited, block(env, versions)))
    return with_imports(edited, [("json", None), ("pathlib", "Path")]).code


class _Editor(cst.CSTTransformer):
    """Adds the keywords to every call of `context.configure`."""

    def __init__(self) -> None:
        self.calls = 0
        self.unsafe = False

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - LibCST's name
        """A name of ours that is already in use means something else here."""
        self.unsafe = self.unsafe or node.value in _FILTERS

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: ARG002, N802 - LibCST's signature
        """One call of `context.configure`."""
        function = updated_node.func
        if not (
            isinstance(function, cst.Attribute)
            and function.attr.value == "configure"
            and isinstance(function.value, cst.Name)
            and function.value.value in {"context", "alembic_context"}
        ):
            return updated_node
        self.calls += 1
        spread = [argument.star for argument in updated_node.args if argument.star]
        if spread == ["**"]:
            return _with_defaults(updated_node)
        self.unsafe = self.unsafe or bool(spread)
        return _with_keywords(updated_node)


_TIGHT = cst.SimpleWhitespace("")
_END_OF_LINE = cst.TrailingWhitespace()


def _line(indent: str) -> cst.ParenthesizedWhitespace:
    """A new line, so much further in than the statement."""
    return cst.ParenthesizedWhitespace(indent=True, last_line=cst.SimpleWhitespace(indent))


def _with_defaults(call: cst.Call) -> cst.Call:
    """The call with our arguments beneath the keywords that it passes on: one of them may be a filter too."""
    passed = next(argument for argument in call.args if argument.star == "**")
    before = call.whitespace_before_args
    at = before.last_line.value if isinstance(before, cst.ParenthesizedWhitespace) else ""
    comma = cst.Comma(whitespace_after=_line(at + "    "))
    ours = [cst.DictElement(cst.SimpleString(f'"{name}"'), cst.Name(name), comma=comma) for name in _FILTERS]
    both = cst.Dict(
        [*ours, cst.StarredDictElement(passed.value, comma=cst.Comma(whitespace_after=_line(at)))],
        lbrace=cst.LeftCurlyBrace(whitespace_after=_line(at + "    ")),
    )
    return call.with_changes(
        args=[one.with_changes(value=both) if one is passed else one for one in call.args]
    )


def _with_keywords(call: cst.Call) -> cst.Call:
    """The call with our arguments behind its own, a line each: all of them would seldom fit on one."""
    before = call.whitespace_before_args
    if not isinstance(before, cst.ParenthesizedWhitespace):
        before = _line("    ")
    equal = cst.AssignEqual(whitespace_before=_TIGHT, whitespace_after=_TIGHT)
    ours = [cst.Arg(keyword=cst.Name(name), value=cst.Name(name), equal=equal) for name in _FILTERS]
    arguments = []
    for argument in (*call.args, *ours):
        comma = argument.comma
        behind = comma.whitespace_after if isinstance(comma, cst.Comma) else argument.whitespace_after_arg
        comment = behind.first_line if isinstance(behind, cst.ParenthesizedWhitespace) else _END_OF_LINE
        arguments.append(
            argument.with_changes(
                comma=cst.Comma(whitespace_after=before.with_changes(first_line=comment)),
                whitespace_after_arg=_TIGHT,
            )
        )
    arguments[-1] = arguments[-1].with_changes(comma=cst.Comma(whitespace_after=_line("")))
    return call.with_changes(args=arguments, whitespace_before_args=before)


def _with_block(module: cst.Module, source: str) -> list[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
    """The body with our statements before the first function that the file defines, or behind its imports."""
    body = list(module.body)
    place = next((n for n, one in enumerate(body) if isinstance(one, cst.FunctionDef)), None)
    if place is None:
        imports = [n for n, one in enumerate(body) if _is_import(one)]
        place = imports[-1] + 1 if imports else 0
    blank = cst.EmptyLine(indent=False)
    constant, *functions = cst.parse_module(source, config=module.config_for_parsing).body
    apart: Sequence[cst.EmptyLine] = [blank]
    behind = body[place:]
    if behind:
        above, attached = lines_over(behind[0])
        # What stands apart from the next function belongs to what is before it.
        apart = [*_without_trailing_blanks(above), blank]
        behind[0] = behind[0].with_changes(leading_lines=[blank, blank, *attached])
    ours = [constant.with_changes(leading_lines=apart)]
    ours += [function.with_changes(leading_lines=[blank, blank]) for function in functions]
    return [*body[:place], *ours, *behind]


def _without_trailing_blanks(lines: Sequence[cst.EmptyLine]) -> list[cst.EmptyLine]:
    last = max((n for n, line in enumerate(lines) if line.comment is not None), default=-1)
    return list(lines[: last + 1])


def _is_import(statement: cst.SimpleStatementLine | cst.BaseCompoundStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[0], (cst.Import, cst.ImportFrom)
    )
