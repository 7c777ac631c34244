"""What the user says about a plan: values, conversions, and how columns are kept in step."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from instar.errors import InstarError
from instar.schema.migration import Sync
from instar.schema.operations import Conversion

if TYPE_CHECKING:
    from collections.abc import Sequence

Value: TypeAlias = str | int | float | bool

_SQL_CONVERSION = re.compile(r"\s*up:\s*(?P<up>.+?)\s*(?:;\s*down:\s*(?P<down>.+?)\s*)?", re.DOTALL)


class PlanOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How to plan. Fields are named `table.field` or `schema.table.field`, by stored name or attribute.

    Attributes:
        conversions: How the values of a retyped field go to the new type and back.
        fills: SQL of the value of existing rows.
        computes: `path.py:function` that gives the value of existing rows.
        defaults: Python literals: the value of existing rows, and the server default where it is constant.
        sync: Triggers, or dual writes in the application.
        code_first: Let the code that knows a new column ship before its backfill.
        keep_column: Fields (by new name, or `*`) whose rename changes the name in code alone.
        only: Plan the changes of these tables or fields, and leave the others.
        ddl: Whether a deploy runs its DDL before or after its code.
        large_tables: Tables whose new indexes are staged first (Convex).
    """

    conversions: dict[str, Conversion] = {}
    fills: dict[str, str] = {}
    computes: dict[str, str] = {}
    defaults: dict[str, str] = {}
    sync: Sync = "trigger"
    code_first: bool = False
    keep_column: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ddl: Literal["before", "after"] = "before"
    large_tables: tuple[str, ...] = ()


def parse_pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Read `users.avatar_url=…` options into a mapping.

    Raises:
        InstarError: A text has no `=`, names no field, or names one twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        name, value = name.strip(), value.strip()
        if not sign or "." not in name or not value:
            raise InstarError(f'{option} reads {option} table.field=value; "{text}" does not.')
        if name in found:
            raise InstarError(f"{option} names {name} twice; give it one value.")
        found[name] = value
    return found


def parse_fills(texts: Sequence[str]) -> dict[str, str]:
    """Read `--fill users.avatar_url='sql: …'`; the prefix may be left out."""
    return {name: re.sub(r"^sql:\s*", "", value) for name, value in parse_pairs(texts, "--fill").items()}


def parse_computes(texts: Sequence[str]) -> dict[str, str]:
    """Read `--compute users.avatar_url=path.py:function`.

    Raises:
        InstarError: A value is no `path.py:function`.
    """
    found = parse_pairs(texts, "--compute")
    for name, value in found.items():
        path, _, function = value.partition(":")
        if not path.endswith(".py") or not function.isidentifier():
            raise InstarError(
                f'--compute {name} wants path/to/module.py:function, relative to the repository root; "{value}" is not.'
            )
    return found


def parse_defaults(texts: Sequence[str]) -> dict[str, str]:
    """Read `--default tasks.weight=0`; a value that is no Python literal is taken as text."""
    return {name: repr(_value(value)) for name, value in parse_pairs(texts, "--default").items()}


def parse_conversions(texts: Sequence[str]) -> dict[str, Conversion]:
    """Read `--convert tasks.priority="low=1,medium=2,high=3"` or `--convert t.f="up: SQL; down: SQL"`."""
    return {name: parse_conversion(name, value) for name, value in parse_pairs(texts, "--convert").items()}


def parse_conversion(name: str, text: str) -> Conversion:
    """Read one conversion.

    A mapping lists `old=new`; `*=new` is the new value of every other old one, `old=*` the old value of every other
    new one. SQL names the old column plainly in `up`, the new one in `down`.

    Raises:
        InstarError: The text is neither form.
    """
    sql = _SQL_CONVERSION.fullmatch(text)
    if sql:
        return Conversion(up=sql["up"], down=sql["down"])
    pairs: list[tuple[Value, Value]] = []
    up_default: Value | None = None
    down_default: Value | None = None
    for part in text.split(","):
        left, sign, right = (piece.strip() for piece in part.partition("="))
        if not sign or not left or not right or left == right == "*":
            raise InstarError(
                f'--convert {name} reads "low=1,medium=2" with "*=0" for every other value, or '
                f'"up: SQL of {name.rpartition(".")[2]}; down: SQL of the new column"; "{part.strip()}" is neither.'
            )
        if left == "*":
            up_default = _value(right)
        elif right == "*":
            down_default = _value(left)
        else:
            pairs.append((_value(left), _value(right)))
    return Conversion(mapping=tuple(pairs), up_default=up_default, down_default=down_default)


def _value(text: str) -> Value:
    """A number, a boolean or a text; a word without quotes is a text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
    return value if isinstance(value, str | int | float | bool) else text
