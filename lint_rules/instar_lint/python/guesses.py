"""Unresolved receivers: what a name alone suggests, and how strongly."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instar.contracts import Confidence
    from instar_lint.python.frame import Frame
    from instar_lint.python.knowledge import Column, Knowledge

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NEVER = frozenset(
    [
        "self",
        "cls",
        "form",
        "args",
        "kwargs",
        "options",
        "opts",
        "settings",
        "config",
        "parser",
        "logger",
        "log",
        "request",
        "response",
        "req",
        "resp",
        "app",
        "environ",
        "os",
        "sys",
        "json",
        "re",
        "time",
        "datetime",
        "math",
        "np",
        "pd",
        "module",
        "node",
        "ast",
        "event",
        "message",
        "payload",
    ]
)


def guess(frame: Frame, receiver: ast.expr, name: str) -> Iterator[tuple[Confidence, tuple[Column, ...]]]:
    """The fields that `receiver.name` may be, judged by names: `likely` or `possible`.

    A receiver named like a class that has the attribute is `likely` that class; so is a name that one table alone
    has. Any other receiver is `possible`, unless its name is that of another class.
    """
    knowledge = frame.knowledge
    spelled = last_name(receiver)
    owners = [(cls, columns) for cls in knowledge.owners(name) if (columns := knowledge.columns(cls, name))]
    if not owners:
        return
    yield from judge(knowledge, spelled, owners)


def judge(
    knowledge: Knowledge, spelled: str, owners: list[tuple[str, tuple[Column, ...]]]
) -> Iterator[tuple[Confidence, tuple[Column, ...]]]:
    """Judge the classes that have a field by the name of an unresolved receiver."""
    named = [columns for cls, columns in owners if _names(spelled, cls)]
    if named:
        for columns in named:
            yield "likely", columns
        return
    if spelled.lower() in _NEVER or knowledge.names_another(spelled):
        return
    tables = {(c.namespace, c.table) for _, columns in owners for c in columns}
    for _, columns in owners:
        yield ("likely" if len(tables) == 1 else "possible"), columns


def _names(spelled: str, cls: str) -> bool:
    """Whether a variable is named like a class: `user`, `current_user`, `db_user`, `u` is not."""
    found = words(spelled)
    wanted = words(cls.rsplit(".", 1)[-1])
    if "".join(wanted) in found[-1:] + found[:1]:  # `deploykey` of `DeployKey`
        return True
    return len(found) >= len(wanted) and wanted in (found[-len(wanted) :], found[: len(wanted)])


@lru_cache(maxsize=4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in any case and number: `UserProfiles` and `user_profile` are `("user", "profile")`."""
    return tuple(_singular(word.lower()) for word in _WORDS.findall(name))


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return (
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word
    )


def snake(name: str) -> str:
    """`UserProfile` as `user_profile`."""
    return "_".join(words(name))


def last_name(node: ast.expr) -> str:
    """The last name in an expression: of `self.project` it is `project`, of `get_user()` it is `get_user`."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(attr=name):
            return name
        case ast.Call(func=function):
            return last_name(function)
        case ast.Subscript(value=value):
            return last_name(value)
        case ast.Await(value=value):
            return last_name(value)
        case _:
            return ""
