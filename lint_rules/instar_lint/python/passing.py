"""Names that a call passes on: `create(name="x")` into a `Model(**kwargs)` or `setattr(row, key, …)` of the callee."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint.python.results import argument_names, bound_receiver, called_function
from instar_lint.python.values import Closure, Dictionary, Entry, Function, Value, joined

if TYPE_CHECKING:
    import ast
    from collections.abc import Sequence

    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.frame import Frame
    from instar_lint.python.report import Report

_DEEPEST = 3


def pass_on(
    frame: Frame,
    node: ast.Call,
    callee: Function | Closure,
    values: Sequence[Value],
    keywords: Sequence[Value],
) -> None:
    """Report the keyword arguments and dictionary keys of a call by what the called function does with them.

    Only those of the file that is analysed: the function is interpreted once more with them, and says nothing else.

    Args:
        frame: Where the call stands.
        node: The call.
        callee: The function of the project that is called.
        values: Its positional arguments.
        keywords: The values of its keyword arguments, in their order.
    """
    report = frame.report or frame.passed
    if report is None or frame.depth >= _DEEPEST or not _names_any(frame, node, report, (*values, *keywords)):
        return
    found = called_function(frame.knowledge, callee)
    if found is None:
        return
    module, function = found
    bound = isinstance(callee, Function) and callee.receiver is not None
    given = dict(zip(argument_names(function, bound=bound), values, strict=False))
    given.update(_keywords(frame, node, function, keywords))
    from instar_lint.python.functions import run_function  # noqa: PLC0415 - functions evaluate calls

    owner = callee.name.rpartition(".")[0] if isinstance(callee, Function) else ""
    run_function(
        frame.knowledge,
        module,
        function,
        None,
        scope=frame.scope,
        receiver=bound_receiver(function, callee.receiver) if isinstance(callee, Function) else None,
        cls=f"{module.name}.{owner}" if owner else None if isinstance(callee, Function) else callee.cls,
        closure=dict(callee.names or ()) if isinstance(callee, Closure) else None,
        given=given,
        depth=frame.depth + 1,
        passed=report,
    )


def _names_any(frame: Frame, node: ast.Call, report: Report, values: Sequence[Value]) -> bool:
    """Whether a wanted name goes into the call: as a keyword of this file, or as the key of a mapping."""
    if frame.report is not None and any(k.arg is not None and report.wants(k.arg) for k in node.keywords):
        return True
    return any(
        entry.path == report.path and report.wants(entry.key)
        for value in values
        if isinstance(value, Dictionary)
        for entry in value.entries
    )


def _keywords(
    frame: Frame, node: ast.Call, function: AnyFunction, values: Sequence[Value]
) -> dict[str, Value]:
    """What the parameters are given by keyword; those without a parameter of their own are the `**kwargs`."""
    arguments = function.args
    parameters = {p.arg for p in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    given: dict[str, Value] = {}
    rest: list[Entry] = []
    complete = True
    for keyword, value in zip(node.keywords, values, strict=True):
        if keyword.arg is None:
            entries = value.entries if isinstance(value, Dictionary) else ()
            complete = complete and isinstance(value, Dictionary) and value.complete
            given.update({e.key: e.value for e in entries if e.key in parameters})
            rest += [e for e in entries if e.key not in parameters]
        elif keyword.arg in parameters:
            given[keyword.arg] = value
        else:
            rest.append(Entry(keyword.arg, keyword, value, frame.module.path))
    if arguments.kwarg is not None:
        given[arguments.kwarg.arg] = Dictionary(joined([e.value for e in rest]), tuple(rest), complete)
    return given
