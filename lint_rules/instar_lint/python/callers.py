"""What unannotated parameters hold, as the calls of their function in the whole project tell."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from instar_lint.python.decorators import takes_fixtures
from instar_lint.python.frame import Heard
from instar_lint.python.members import member
from instar_lint.python.results import TELLING, argument_names, bound_by_first, find_function
from instar_lint.python.values import (
    ClassOf,
    Function,
    Instance,
    Object,
    OneOf,
    Record,
    Unknown,
    Value,
    most_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode

    Caller = tuple[str | None, AnyFunction, tuple[ast.Call, ...]]

_MOST_CALLERS = 8
_MOST_FILES = 12
_DEEPEST = 2
_OF_FRAMEWORKS = frozenset(
    ["request", "req", "event", "mapper", "connection", "session", "db", "form", "field"]
)
"""Parameters that frameworks fill, and sessions: no row stands behind them."""
_TELLING = (*TELLING, Record)


def parameters_of(knowledge: Knowledge, function: Function, level: int = 0) -> dict[str, Value]:
    """What the calls of a function give for its parameters, as far as they lead to rows.

    One call that passes a row is enough: the function works on such rows then, whatever else it is given.

    Args:
        knowledge: The project.
        function: The function, or the method of a class, without a receiver.
        level: How many callers further out the question comes from.
    """
    nothing: dict[str, Value] = {}
    key = ("callers", level, function)
    return knowledge.memory.remember(key, nothing, partial(_ask, knowledge, function, level))


def made_with(knowledge: Knowledge, made: Object) -> Object:
    """An object of a class, with what the calls of the class give to its initialiser."""
    initialiser = member(knowledge, made, "__init__", 0)
    if made.given or not isinstance(initialiser, Function):
        return made
    told = parameters_of(knowledge, replace(initialiser, receiver=ClassOf(made.cls)))
    return replace(made, given=tuple(sorted(told.items(), key=lambda pair: pair[0])))


def _ask(knowledge: Knowledge, function: Function, level: int) -> dict[str, Value]:
    found = find_function(knowledge, function)
    if found is None or not _own_parameters(found[1]) - _OF_FRAMEWORKS:
        return {}
    home, node = found
    said: dict[str, list[Value]] = {}
    for module, owner, caller, calls in _callers(knowledge, home, function):
        if caller is node:
            continue
        if said and is_test(module.path):
            break  # the application's own calls have told
        heard = _heard(knowledge, module, owner, caller, level)
        for call in calls:
            given = _given(knowledge, heard, call, function, node, near=module is home)
            for name, value in given.items():
                if isinstance(value, _TELLING):
                    said.setdefault(name, []).append(value)
    return {name: value for name, values in said.items() if isinstance(value := most_of(values), _TELLING)}


def _own_parameters(function: AnyFunction) -> set[str]:
    """The parameters that an annotation says nothing of, without the receiver."""
    arguments = function.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return {p.arg for p in every if p.annotation is None and p.arg not in ("self", "cls")}


def is_test(path: str) -> bool:
    """Whether a file is a test, by its place."""
    return "test" in path


def _callers(
    knowledge: Knowledge, home: ModuleNode, function: Function
) -> Iterator[tuple[ModuleNode, str | None, AnyFunction, tuple[ast.Call, ...]]]:
    """The functions that call something of that name, those of its own module first, and tests last."""
    owner, _, name = function.name.rpartition(".")
    called = {name}
    mentioned = [name]
    if name == "__init__":
        classes = [function.receiver.cls] if isinstance(function.receiver, ClassOf) else []
        mentioned = list(dict.fromkeys(cls.rsplit(".", 1)[-1] for cls in (*classes, owner)))
        called.update(mentioned)
    paths = {path: None for word in mentioned for path in knowledge.modules.mentioning(word)}
    others = sorted((path for path in paths if path != home.path), key=lambda path: (is_test(path), path))
    for path in (home.path, *others[:_MOST_FILES]):
        module = knowledge.modules.at(path)
        if module is not None:
            some = [caller for word in sorted(called) for caller in _calls(knowledge, module, word)]
            for cls, caller, calls in some[:_MOST_CALLERS]:
                yield module, cls, caller, calls


def _calls(knowledge: Knowledge, module: ModuleNode, word: str) -> tuple[Caller, ...]:
    """The functions and methods of a module that call something of that name, with the calls."""
    nothing: tuple[Caller, ...] = ()
    return knowledge.memory.remember(
        ("calls", module.path, word), nothing, partial(_find_calls, knowledge, module, word)
    )


def _find_calls(knowledge: Knowledge, module: ModuleNode, word: str) -> tuple[Caller, ...]:
    nothing: dict[AnyFunction, dict[str, list[ast.Call]]] = {}
    known = knowledge.memory.remember(("calls", module.path), nothing, dict)
    found: list[Caller] = []
    for owner, function in module.holding(word):
        if function not in known:
            known[function] = _calls_in(function)
        if word in known[function]:
            found.append((owner, function, tuple(known[function][word])))
    return tuple(found)


def _calls_in(function: AnyFunction) -> dict[str, list[ast.Call]]:
    """The calls in a function, by the last part of the name that is called."""
    found: dict[str, list[ast.Call]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            name = str(getattr(node.func, "attr", None) or getattr(node.func, "id", ""))
            found.setdefault(name, []).append(node)
    return found


def _heard(
    knowledge: Knowledge, module: ModuleNode, owner: str | None, caller: AnyFunction, level: int
) -> Heard:
    """What every call in a function calls, and with what."""
    key = ("heard", level, module.path, caller.lineno)
    return knowledge.memory.remember(key, Heard(), partial(_listen, knowledge, module, owner, caller, level))


def _listen(
    knowledge: Knowledge, module: ModuleNode, owner: str | None, caller: AnyFunction, level: int
) -> Heard:
    heard = _run(knowledge, module, owner, caller, {})
    if level < _DEEPEST and not takes_fixtures(caller) and _passes_on(caller, heard):
        name = f"{owner.removeprefix(f'{module.name}.')}.{caller.name}" if owner is not None else caller.name
        given = parameters_of(knowledge, Function(module.name, name), level + 1)
        if given:
            heard = _run(knowledge, module, owner, caller, given)
    return heard


def _run(
    knowledge: Knowledge,
    module: ModuleNode,
    owner: str | None,
    caller: AnyFunction,
    given: Mapping[str, Value],
) -> Heard:
    from instar_lint.python.functions import run_function  # noqa: PLC0415 - functions evaluate attributes

    mapped = owner is not None and knowledge.mapped(owner) is not None
    receiver = None if owner is None else Instance(owner) if mapped else Object(owner)
    heard = Heard()
    run_function(
        knowledge,
        module,
        caller,
        None,
        scope=caller.name,
        receiver=receiver,
        cls=owner,
        given=given,
        depth=1,
        heard=heard,
    )
    return heard


def _passes_on(caller: AnyFunction, heard: Heard) -> bool:
    """Whether a function passes a parameter on whose value it does not tell itself."""
    own = _own_parameters(caller) - _OF_FRAMEWORKS
    return any(
        isinstance(value, Unknown) and isinstance(node, ast.Name) and node.id in own
        for call, (values, keywords) in heard.arguments.items()
        for node, value in (
            *zip(call.args, values, strict=False),
            *zip((k.value for k in call.keywords), keywords, strict=False),
        )
    )


def _given(
    knowledge: Knowledge, heard: Heard, call: ast.Call, function: Function, node: AnyFunction, *, near: bool
) -> dict[str, Value]:
    """What a call gives by parameter, where it calls this function."""
    if call not in heard.arguments or any(isinstance(a, ast.Starred) for a in call.args):
        return {}
    values, keywords = heard.arguments[call]
    callee = heard.callees.get(call)
    meant = [one for one in _functions_called(knowledge, callee) if _same(one, function)]
    if not meant and not (near and (callee is None or isinstance(callee, Unknown))):
        return {}
    if meant:
        values = bound_by_first(knowledge, meant[0], values)[1]
    given = dict(zip(argument_names(node, bound=_is_method(node)), values, strict=False))
    return given | {k.arg: v for k, v in zip(call.keywords, keywords, strict=False) if k.arg is not None}


def _functions_called(knowledge: Knowledge, callee: Value | None) -> Iterable[Function]:
    match callee:
        case Function():
            yield callee
        case ClassOf(cls=cls):
            initialiser = member(knowledge, Object(cls), "__init__", 0)
            if isinstance(initialiser, Function):
                yield initialiser
        case OneOf(options=options):
            for option in options:
                yield from _functions_called(knowledge, option)
        case _:
            pass


def _same(one: Function, other: Function) -> bool:
    return (one.module, one.name) == (other.module, other.name)


def _is_method(function: AnyFunction) -> bool:
    first = [*function.args.posonlyargs, *function.args.args][:1]
    return any(parameter.arg in ("self", "cls") for parameter in first)
