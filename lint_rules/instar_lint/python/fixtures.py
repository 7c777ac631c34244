"""pytest: what a test, or another fixture, is given for a parameter by its name."""

from __future__ import annotations

import ast
from functools import partial
from typing import TYPE_CHECKING

from instar_lint.python.decorators import FIXTURES, takes_fixtures
from instar_lint.python.factories import factory_entity
from instar_lint.python.frame import Frame
from instar_lint.python.guesses import snake
from instar_lint.python.members import class_node, decorator_name, lineage
from instar_lint.python.names import module_value
from instar_lint.python.results import call_result, find_function
from instar_lint.python.values import UNKNOWN, ClassOf, Function, Instance, Object, Value

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar_lint.python.definitions import AnyFunction
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.module_node import ModuleNode


def fixture_value(frame: Frame, name: str) -> Value:
    """What the fixture of that name gives, seen from a test of the frame's module and class."""
    knowledge, module, cls = frame.knowledge, frame.module, frame.cls
    key = ("fixture", module.path, cls, name)
    return knowledge.memory.remember(key, UNKNOWN, partial(_look_up, knowledge, module, cls, name))


def _look_up(knowledge: Knowledge, module: ModuleNode, cls: str | None, name: str) -> Value:
    if cls is not None and class_node(knowledge, cls) is not None:
        for node, _ in lineage(knowledge, cls):
            if name in node.methods and takes_fixtures(node.methods[name]):
                method = Function(node.module.name, f"{node.name}.{name}", receiver=Object(cls))
                return call_result(knowledge, method, 0)
    for home in _homes(knowledge, module):
        found = _of_module(knowledge, home, name)
        if found is not None:
            return found
    return UNKNOWN


def _homes(knowledge: Knowledge, module: ModuleNode) -> Iterator[ModuleNode]:
    """The modules whose fixtures a module sees, nearest first: itself, each conftest above it, what they load."""
    yield module
    folder = module.path
    naming = [module]
    while folder:
        folder = folder.rpartition("/")[0]
        path = f"{folder}/conftest.py" if folder else "conftest.py"
        conftest = knowledge.modules.at(path) if path != module.path else module
        if conftest is not None:
            naming.append(conftest)
            if conftest is not module:
                yield conftest
    for home in naming:
        for plugin in _plugins(home):
            found = knowledge.modules.get(plugin)
            if found is not None:
                yield found


def _plugins(module: ModuleNode) -> Iterator[str]:
    statement = module.assigned.get("pytest_plugins")
    for part in ast.walk(statement.value) if statement is not None and statement.value is not None else ():
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def _of_module(knowledge: Knowledge, module: ModuleNode, name: str) -> Value | None:
    function = module.functions.get(name)
    if function is None or not takes_fixtures(function):
        function = next((f for cls, f in module.holding("name") if cls is None and _renamed(f) == name), None)
    if function is not None:
        return call_result(knowledge, Function(module.name, function.name), 0)
    if name in module.imports or module.stars:
        value = module_value(knowledge, module, name)
        found = find_function(knowledge, value) if isinstance(value, Function) else None
        if isinstance(value, Function) and found is not None and takes_fixtures(found[1]):
            return call_result(knowledge, value, 0)
    return _registered(knowledge, module, name)


def _renamed(function: AnyFunction) -> str | None:
    """`@pytest.fixture(name="user")`."""
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and decorator_name(decorator) in FIXTURES:
            for keyword in decorator.keywords:
                if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return None


def _registered(knowledge: Knowledge, module: ModuleNode, name: str) -> Value | None:
    """pytest-factoryboy's `register(UserFactory)` makes the fixtures `user` and `user_factory`."""
    for statement in module.loose:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Name(id="register"), args=[first, *_])):
                factory = Frame(knowledge, module, None).value(first)
                entity = factory_entity(knowledge, factory.cls) if isinstance(factory, ClassOf) else None
                if entity is not None and isinstance(factory, ClassOf):
                    if name == snake(entity.cls.rsplit(".", 1)[-1]):
                        return Instance(entity.cls)
                    if name == snake(factory.cls.rsplit(".", 1)[-1]):
                        return factory
            case _:
                pass
    return None
