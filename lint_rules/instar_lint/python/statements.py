"""Forward interpretation of statements: assignment kills, branches join, a loop's body joins its entry."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from instar_lint.python.closures import captured
from instar_lint.python.narrowing import assume
from instar_lint.python.targets import assign, bind_exception, delete
from instar_lint.python.values import UNKNOWN, Closure, Value, item_of, join

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar_lint.python.frame import Frame


def run_block(frame: Frame, body: list[ast.stmt]) -> None:
    """Interpret statements one after the other."""
    for statement in body:
        runner = _RUNNERS.get(type(statement))
        if runner is not None:
            runner(frame, statement)


def _expression(frame: Frame, node: ast.Expr) -> None:
    frame.discarded = node.value  # what a call gives is not asked for when nothing takes it
    frame.value(node.value)


def _assign(frame: Frame, node: ast.Assign) -> None:
    value = frame.value(node.value)
    for target in node.targets:
        assign(frame, target, value, node.value)


def _annotated_assign(frame: Frame, node: ast.AnnAssign) -> None:
    from instar_lint.python.annotations import annotated  # noqa: PLC0415 - annotations need frames

    value = frame.value(node.value)
    declared = annotated(frame, node.annotation)
    assign(frame, node.target, declared if declared != UNKNOWN else value, node.value)


def _augmented_assign(frame: Frame, node: ast.AugAssign) -> None:
    value = frame.value(node.value)
    if isinstance(node.target, ast.Name):
        before = frame.env.get(node.target.id, UNKNOWN)
        kept = join(before, value) if isinstance(before, type(value)) else before
        frame.env[node.target.id] = kept
    else:
        frame.value(_loading(node.target))
        assign(frame, node.target, UNKNOWN, node.value)


def _loading(target: ast.expr) -> ast.expr:
    """The target of an augmented assignment is read as well."""
    match target:
        case ast.Attribute(value=value, attr=attr):
            return ast.copy_location(ast.Attribute(value, attr, ast.Load()), target)
        case ast.Subscript(value=value, slice=index):
            return ast.copy_location(ast.Subscript(value, index, ast.Load()), target)
        case _:
            return target


def _return(frame: Frame, node: ast.Return) -> None:
    value = captured(frame, frame.value(node.value))
    frame.done(value)
    frame.returned = value if frame.returned is None else join(frame.returned, value)
    frame.dead = True


def _raise(frame: Frame, node: ast.Raise) -> None:
    frame.value(node.exc)
    frame.value(node.cause)
    frame.dead = True


def _leave(frame: Frame, node: ast.stmt) -> None:
    _ = node
    frame.dead = True


def _if(frame: Frame, node: ast.If) -> None:
    frame.value(node.test)
    _branches(frame, node.test, node.body, node.orelse)


def _branches(frame: Frame, test: ast.expr, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
    entry, dead = frame.env, frame.dead
    frame.env = dict(entry)
    assume(frame, test, holds=True)
    run_block(frame, body)
    taken = (frame.env, frame.dead)
    frame.env, frame.dead = dict(entry), dead
    assume(frame, test, holds=False)
    run_block(frame, orelse)
    frame.merge(taken, (frame.env, frame.dead))


def _for(frame: Frame, node: ast.For | ast.AsyncFor) -> None:
    iterated = frame.value(node.iter)
    frame.done(iterated)
    entry = frame.fork()
    assign(frame, node.target, item_of(iterated), None)
    _loop(frame, entry, node.body, node.orelse)


def _while(frame: Frame, node: ast.While) -> None:
    entry = frame.fork()
    frame.value(node.test)
    assume(frame, node.test, holds=True)
    _loop(frame, entry, node.body, node.orelse)


def _loop(frame: Frame, entry: dict[str, Value], body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
    run_block(frame, body)
    frame.merge((entry, False), (frame.env, False))
    run_block(frame, orelse)


def _with(frame: Frame, node: ast.With | ast.AsyncWith) -> None:
    for item in node.items:
        value = frame.value(item.context_expr)
        if item.optional_vars is not None:
            assign(frame, item.optional_vars, value, item.context_expr)
    run_block(frame, node.body)


def _try(frame: Frame, node: ast.Try) -> None:
    entry, dead = frame.fork(), frame.dead
    run_block(frame, node.body)
    after = (frame.env, frame.dead)
    frame.merge((entry, dead), (after[0], False))
    raised = frame.env
    frame.env, frame.dead = dict(after[0]), after[1]
    run_block(frame, node.orelse)
    ends = [(frame.env, frame.dead)]
    for handler in node.handlers:
        frame.env, frame.dead = dict(raised), dead
        frame.value(handler.type)
        bind_exception(frame, handler)
        run_block(frame, handler.body)
        ends.append((frame.env, frame.dead))
    frame.merge(*ends)
    run_block(frame, node.finalbody)


def _match(frame: Frame, node: ast.Match) -> None:
    from instar_lint.python.patterns import bind_pattern  # noqa: PLC0415 - rare

    subject = frame.value(node.subject)
    entry, dead = frame.fork(), frame.dead
    ends = [(entry, dead)]
    for case in node.cases:
        frame.env, frame.dead = dict(entry), dead
        bind_pattern(frame, case.pattern, subject)
        if case.guard is not None:
            frame.value(case.guard)
            assume(frame, case.guard, holds=True)
        run_block(frame, case.body)
        ends.append((frame.env, frame.dead))
    frame.merge(*ends)


def _function(frame: Frame, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    for decorator in node.decorator_list:
        frame.value(decorator)
    frame.env[node.name] = Closure(node, frame.module.name, frame.cls, None)
    frame.later.append((node, {}))


def _class(frame: Frame, node: ast.ClassDef) -> None:
    for part in (*node.decorator_list, *node.bases):
        frame.value(part)
    frame.env[node.name] = UNKNOWN
    before = frame.env
    frame.env = dict(before)
    run_block(frame, [s for s in node.body if not isinstance(s, ast.ClassDef)])
    frame.env = before


def _delete(frame: Frame, node: ast.Delete) -> None:
    for target in node.targets:
        delete(frame, target)


def _import(frame: Frame, node: ast.Import | ast.ImportFrom) -> None:
    from instar_lint.python.imports import bind_import  # noqa: PLC0415 - rare inside functions

    bind_import(frame, node)


def _assert(frame: Frame, node: ast.Assert) -> None:
    frame.value(node.test)
    assume(frame, node.test, holds=True)
    frame.value(node.msg)


def _forget(frame: Frame, node: ast.Global | ast.Nonlocal) -> None:
    for name in node.names:
        frame.env.pop(name, None)


_RUNNERS: dict[type[ast.stmt], Callable[[Frame, Any], None]] = {
    ast.Expr: _expression,
    ast.Assign: _assign,
    ast.AnnAssign: _annotated_assign,
    ast.AugAssign: _augmented_assign,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: _leave,
    ast.Continue: _leave,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.Match: _match,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Delete: _delete,
    ast.Import: _import,
    ast.ImportFrom: _import,
    ast.Assert: _assert,
    ast.Global: _forget,
    ast.Nonlocal: _forget,
}
