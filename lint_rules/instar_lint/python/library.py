"""Functions of SQLAlchemy, the standard library and the builtins that pass rows on or name fields."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from instar_lint.python.annotations import annotated
from instar_lint.python.containers import apply_function, sort_key
from instar_lint.python.factories import RELATED
from instar_lint.python.queries import evaluate_arguments
from instar_lint.python.sessions import session_call
from instar_lint.python.strings import named_beside_class, named_by_text, token_of
from instar_lint.python.values import (
    PLAIN,
    UNKNOWN,
    ClassOf,
    Dictionary,
    Entity,
    Entry,
    External,
    Instance,
    Many,
    Object,
    Record,
    Super,
    Text,
    Unknown,
    Value,
    item_of,
    join,
    joined,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from instar_lint.python.frame import Frame

_SEQUENCES = frozenset(
    [
        "list",
        "set",
        "tuple",
        "frozenset",
        "reversed",
        "iter",
        "sorted",
        "deque",
        "chunked",
        "islice",
        "cycle",
        "unique_everseen",
    ]
)
_SAME = frozenset(
    [
        "copy",
        "deepcopy",
        "desc",
        "asc",
        "nullslast",
        "nullsfirst",
        "distinct",
        "shield",
        "wait_for",
        "ensure_future",
        "create_task",
        "aiter",
    ]
)
_HANDING = (
    "sqlalchemy", "sqlmodel", "flask", "fastapi", "starlette", "factory", "pytest", "celery", "injector", "dependency",
    "asyncio", "functools", "operator", "itertools", "contextlib", "contextvars", "threading", "concurrent", "graphene",
    "strawberry", "aiohttp", "pyramid", "zope", "litestar", "advanced_alchemy", "quart", "sanic", "trio", "anyio",
)  # fmt: skip
_STATEMENTS = frozenset(["select", "query", "insert", "update", "delete", "exists", "text"])


def library_call(frame: Frame, node: ast.Call, callee: Value, name: str) -> Value:
    """What calling a name of a library, or one that is not known at all, gives."""
    last = callee.name.rsplit(".", 1)[-1] if isinstance(callee, External) else name
    handler = _FUNCTIONS.get(last)
    if handler is not None:
        return handler(frame, node)
    if last in _STATEMENTS and node.args:
        made = session_call(frame, node, callee, last)
        if made is not None:
            return made
    values = evaluate_arguments(frame, node)
    named_beside_class(frame, values)
    if last in _SEQUENCES:
        sort_key(frame, node, item_of(values[0]) if values else UNKNOWN)
        return Many(item_of(values[0])) if values else Many(UNKNOWN)
    if last in _SAME and values:
        return values[0]
    return UNKNOWN if isinstance(callee, Unknown) else _library_object(callee)


def _library_object(callee: Value) -> Value:
    """What a library gives is no row, unless the library hands the application's own objects around."""
    if not isinstance(callee, External):
        return UNKNOWN
    top = callee.name.split(".", 1)[0]
    if top == "builtins":
        return PLAIN
    return UNKNOWN if top.startswith(_HANDING) else External(f"{callee.name}()")


def _aliased(frame: Frame, node: ast.Call) -> Value:
    values = evaluate_arguments(frame, node)
    return Entity(values[0].cls, aliased=True) if values and isinstance(values[0], Entity) else UNKNOWN


def _named(access: str) -> Callable[[Frame, ast.Call], Value]:
    def handler(frame: Frame, node: ast.Call) -> Value:
        values = evaluate_arguments(frame, node)
        if len(values) < 2:
            return UNKNOWN
        named_by_text(frame, values[0], values[1], node, access)
        if isinstance(values[1], Text) and len(values[1].options) == 1 and access == "read":
            from instar_lint.python.attribute_values import attribute_of  # noqa: PLC0415 - attributes evaluate calls

            found = attribute_of(frame, values[0], values[1].options[0].text)
            return found if len(values) == 2 or found != UNKNOWN else values[2]
        return UNKNOWN

    return handler


def _next(frame: Frame, node: ast.Call) -> Value:
    values = evaluate_arguments(frame, node)
    if not values:
        return UNKNOWN
    sort_key(frame, node, item_of(values[0]))
    if len(values) > 1 and not isinstance(values[0], Many):
        return joined(values)
    return join(item_of(values[0]), values[1]) if len(values) > 1 else item_of(values[0])


def _filter(frame: Frame, node: ast.Call) -> Value:
    if len(node.args) != 2:
        evaluate_arguments(frame, node)
        return UNKNOWN
    values = frame.value(node.args[1])
    frame.done(values)
    apply_function(frame, node.args[0], item_of(values))
    return Many(item_of(values))


def _map(frame: Frame, node: ast.Call) -> Value:
    if len(node.args) != 2:
        evaluate_arguments(frame, node)
        return UNKNOWN
    values = frame.value(node.args[1])
    frame.done(values)
    return Many(apply_function(frame, node.args[0], item_of(values)))


def _enumerate(frame: Frame, node: ast.Call) -> Value:
    values = evaluate_arguments(frame, node)
    return Many(Record((PLAIN, item_of(values[0])))) if values else UNKNOWN


def _zip(frame: Frame, node: ast.Call) -> Value:
    return Many(Record(tuple(item_of(value) for value in evaluate_arguments(frame, node))))


def _chain(frame: Frame, node: ast.Call) -> Value:
    return Many(joined([item_of(value) for value in evaluate_arguments(frame, node)]))


def _groupby(frame: Frame, node: ast.Call) -> Value:
    values = evaluate_arguments(frame, node)
    if not values:
        return UNKNOWN
    item = item_of(values[0])
    sort_key(frame, node, item)
    if len(node.args) > 1:
        apply_function(frame, node.args[1], item)
    return Many(Record((UNKNOWN, Many(item))))


def _dict(frame: Frame, node: ast.Call) -> Value:
    values = evaluate_arguments(frame, node)
    entries = tuple(Entry(k.arg, k, UNKNOWN, frame.module.path) for k in node.keywords if k.arg)
    complete = all(k.arg for k in node.keywords)
    if values and isinstance(values[0], Dictionary):
        return Dictionary(values[0].value, (*values[0].entries, *entries), values[0].complete and complete)
    if (
        values
        and isinstance(values[0], Many)
        and isinstance(values[0].item, Record)
        and len(values[0].item.items) == 2
    ):
        return Dictionary(values[0].item.items[1])
    return Dictionary(UNKNOWN, entries, complete and not values)


def _cast(frame: Frame, node: ast.Call) -> Value:
    values = evaluate_arguments(frame, node)
    declared = annotated(frame, node.args[0]) if node.args else UNKNOWN
    return declared if declared != UNKNOWN else values[1] if len(values) > 1 else UNKNOWN


def _super(frame: Frame, node: ast.Call) -> Value:
    frame.values(node.args)
    owner = frame.receiver
    if frame.cls is None or not isinstance(owner, Instance | Entity | Object | ClassOf):
        return UNKNOWN
    return Super(owner, frame.cls)


def _type(frame: Frame, node: ast.Call) -> Value:
    values = evaluate_arguments(frame, node)
    match values:
        case [Instance(cls=cls)]:
            return Entity(cls)
        case [Object(cls=cls, bound=bound)]:
            return ClassOf(cls, bound)
        case _:
            return UNKNOWN


def _render(frame: Frame, node: ast.Call) -> Value:
    """`render_template("users/show.html", user=user)`, `TemplateResponse(request, "show.html", {"user": user})`."""
    values = evaluate_arguments(frame, node)
    sink = frame.knowledge.rendered
    names = [s.text for v in values if isinstance(v, Text) for s in v.options]
    named = (k.value for k in node.keywords if k.arg in ("name", "template_name"))
    names += [str(value.value) for value in named if isinstance(value, ast.Constant)]
    if sink is None or not names:
        return PLAIN
    variables: dict[str, Value] = {}
    for value in (*values, *(frame.value(k.value) for k in node.keywords if k.arg in (None, "context"))):
        if isinstance(value, Dictionary):
            variables.update({entry.key: entry.value for entry in value.entries})
    variables.update({k.arg: frame.value(k.value) for k in node.keywords if k.arg})
    sink.append((names[0], variables))
    return PLAIN


def _foreign_key(frame: Frame, node: ast.Call) -> Value:
    """`ForeignKey("users.id")`, `ForeignKeyConstraint(["author_id"], ["users.id"])`: what it refers to is named."""
    values = evaluate_arguments(frame, node)
    named = values[0] if len(values) == 1 else item_of(values[1]) if len(values) > 1 else UNKNOWN
    for spelling in named.options if isinstance(named, Text) else ():
        *qualifier, column = spelling.text.split(".")
        if frame.report is not None and qualifier and frame.report.wants(column):
            namespace = qualifier[-2] if len(qualifier) > 1 else None
            found = frame.knowledge.stored_anywhere(qualifier[-1], namespace, column)
            token = token_of(frame.report, spelling.node, spelling.path, column, node)
            if token is not None:
                frame.report.fields(frame, token, column, found, access="read", via="string", stored=True)
    return UNKNOWN


_FUNCTIONS: dict[str, Callable[[Frame, ast.Call], Value]] = {
    **dict.fromkeys(("aliased", "with_polymorphic", "of_type"), _aliased),
    **dict.fromkeys(("getattr", "hasattr"), _named("read")),
    **dict.fromkeys(("setattr", "set_attribute", "set_committed_value"), _named("write")),
    "delattr": _named("write"),
    **dict.fromkeys(("next", "anext", "min", "max", "first", "one", "choice"), _next),
    **dict.fromkeys(
        ("render_template", "render", "TemplateResponse", "render_to_response", "render_async"), _render
    ),
    **RELATED,
    **dict.fromkeys(("ForeignKey", "ForeignKeyConstraint"), _foreign_key),
    "filter": _filter,
    "map": _map,
    "enumerate": _enumerate,
    "zip": _zip,
    **dict.fromkeys(("chain", "concat"), _chain),
    "groupby": _groupby,
    **dict.fromkeys(("dict", "defaultdict", "OrderedDict"), _dict),
    "cast": _cast,
    "super": _super,
    "type": _type,
}
