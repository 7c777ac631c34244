"""The filter in Alembic's `env.py` that keeps autogenerate away from the tables in which instar tracks backfills."""

from __future__ import annotations

import libcst as cst

FUNCTION = '''\
def include_name(name, type_, parent_names):
    """Keep autogenerate away from the tables in which instar tracks its backfills."""
    return not (type_ == "table" and name in {"instar_migrations", "instar_partitions"})
'''
SNIPPET = f"{FUNCTION}\ncontext.configure(..., include_name=include_name)"
_TABLE = "instar_migrations"
_TAKEN = {"include_name", "include_object"}


def has_filter(text: str) -> bool:
    """Whether an `env.py` names our tables already."""
    return _TABLE in text


def with_filter(text: str) -> str | None:
    """The text of an `env.py` with the filter given to every `context.configure`.

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
    return edited.with_changes(body=_with_function(edited)).code


class _Editor(cst.CSTTransformer):
    """Adds the keyword to every call of `context.configure`."""

    def __init__(self) -> None:
        self.calls = 0
        self.unsafe = False

    def visit_Name(self, node: cst.Name) -> None:  # noqa: N802 - LibCST's name
        """A name of ours that is already in use means something else here."""
        self.unsafe = self.unsafe or node.value in _TAKEN

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
        return updated_node.with_changes(args=_with_keyword(updated_node))


def _with_keyword(call: cst.Call) -> list[cst.Arg]:
    """The arguments with ours behind them, laid out as the others are."""
    keyword = cst.Arg(
        keyword=cst.Name("include_name"),
        value=cst.Name("include_name"),
        equal=cst.AssignEqual(
            whitespace_before=cst.SimpleWhitespace(""), whitespace_after=cst.SimpleWhitespace("")
        ),
    )
    if not call.args:
        return [keyword]
    *others, last = call.args
    between = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if others and isinstance(others[-1].comma, cst.Comma):
        between = others[-1].comma
    elif isinstance(call.whitespace_before_args, cst.ParenthesizedWhitespace):
        between = cst.Comma(whitespace_after=call.whitespace_before_args)
    moved = keyword.with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    return [*others, last.with_changes(comma=between, whitespace_after_arg=cst.SimpleWhitespace("")), moved]


def _with_function(module: cst.Module) -> list[cst.SimpleStatementLine | cst.BaseCompoundStatement]:
    """The body with the function before the first one that the file defines, or behind its imports."""
    body = list(module.body)
    place = next((n for n, one in enumerate(body) if isinstance(one, cst.FunctionDef)), None)
    if place is None:
        imports = [n for n, one in enumerate(body) if _is_import(one)]
        place = imports[-1] + 1 if imports else 0
    function = cst.parse_module(FUNCTION, config=module.config_for_parsing).body[0]
    assert isinstance(function, cst.FunctionDef)
    blank = [cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)]
    body.insert(place, function.with_changes(leading_lines=blank))
    if place + 1 < len(body):
        following = body[place + 1]
        lines = [line for line in following.leading_lines if line.comment is not None]
        body[place + 1] = following.with_changes(leading_lines=[*blank, *lines])
    return body


def _is_import(statement: cst.SimpleStatementLine | cst.BaseCompoundStatement) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[0], (cst.Import, cst.ImportFrom)
    )
