"""The filters in Alembic's `env.py` that keep autogenerate away from instar's tables and from what is in flight."""

from __future__ import annotations

import libcst as cst
from libcst.codemod import CodemodContext
from libcst.codemod.visitors import AddImportsVisitor

_BLOCK = '''\
IN_FLIGHT = {{
    key
    for path in Path(__file__).resolve().parents[{depth}].glob("{versions}/*.json")
    for key in json.loads(path.read_text()).get("migration", {{}}).get("in_flight", ())
}}


def include_name(name, type_, parent_names):
    """Keep autogenerate away from the tables that instar keeps for itself."""
    return not (type_ == "table" and name.startswith("instar_"))


def include_object(obj, name, type_, reflected, compare_to):
    """Keep autogenerate away from the columns and indexes that a migration of instar has in flight."""
    return f"{{getattr(obj, 'table', None)}}.{{name}}" not in IN_FLIGHT
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
        None where that cannot be done safely: it has a filter of its own, passes keywords on (`**options`), never
        calls `context.configure` itself, or does not parse.
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
    return _with_imports(edited).code


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
        if any(argument.star for argument in updated_node.args):
            self.unsafe = True
        return updated_node.with_changes(args=_with_keywords(updated_node))


def _with_keywords(call: cst.Call) -> list[cst.Arg]:
    """The arguments with ours behind them, laid out as the others are."""
    tight = cst.AssignEqual(
        whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace("")
    )
    ours = [cst.Arg(keyword=cst.Name(name), value=cst.Name(name), equal=tight) for name in _FILTERS]
    between = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if not call.args:
        return [ours[0].with_changes(comma=between), ours[1]]
    *others, last = call.args
    if others and isinstance(others[-1].comma, cst.Comma):
        between = others[-1].comma
    elif isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace):
        between = cst.Comma(whitespace_after=call.whitespace_before_args)
    end = ours[1].with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    moved = last.with_changes(comma=between, whitespace_after_arg=cst.SimpleWhitespace(""))
    return [*others, moved, ours[0].with_changes(comma=between), end]


def _with_block(module: cst.Module, source: str) -> list[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
    """The body with our statements before the first function that the file defines, or behind its imports."""
    body = list(module.body)
    place = next((n for n, one in enumerate(body) if isinstance(one, cst.FunctionDef)), None)
    if place is None:
        imports = [n for n, one in enumerate(body) if _is_import(one)]
        place = imports[-1] + 1 if imports else 0
    blank = cst.EmptyLine(indent=False)
    constant, *functions = cst.parse_module(source, config=module.config_for_parsing).body
    ours = [constant.with_changes(leading_lines=[blank])]
    ours += [function.with_changes(leading_lines=[blank, blank]) for function in functions]
    behind = body[place:]
    if behind:
        lines = [line for line in behind[0].leading_lines if line.comment is not None]
        behind[0] = behind[0].with_changes(leading_lines=[blank, blank, *lines])
    return [*body[:place], *ours, *behind]


def _with_imports(module: cst.Module) -> cst.Module:
    """The module with what our statements import."""
    context = CodemodContext()
    AddImportsVisitor.add_needed_import(context, "json")
    AddImportsVisitor.add_needed_import(context, "pathlib", "Path")
    return AddImportsVisitor(context).transform_module(module)


def _is_import(statement: cst.SimpleStatementLine | cst.BaseCompoundStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[0], (cst.Import, cst.ImportFrom)
    )
