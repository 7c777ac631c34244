"""The small form that source is lowered to: what of Python a model definition can consist of.

Everything else is kept as text. The form is cached between runs, so it is plain data without places in other files.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec


class _Node(msgspec.Struct, array_like=True, tag_field="n"):
    """Shared configuration: compact on disk."""


class Const(_Node, tag=1):
    """A literal None, bool, number or string."""

    value: bool | int | float | str | None


class Name(_Node, tag=2):
    """A name that is read."""

    id: str
    line: int
    column: int


class Attr(_Node, tag=3):
    """`value.name`; the place is that of the whole expression."""

    value: Expr
    name: str
    line: int
    column: int


class Call(_Node, tag=4):
    """`function(*arguments, **keywords)`; a keyword without a name is a `**mapping`."""

    function: Expr
    arguments: list[Expr]
    keywords: list[tuple[str | None, Expr]]
    line: int
    column: int


class Subscript(_Node, tag=5):
    """`value[index]`."""

    value: Expr
    index: Expr
    line: int
    column: int


class Sequence(_Node, tag=6):
    """A tuple, list or set display; `kind` is its type's name."""

    kind: str
    items: list[Expr]


class Mapping(_Node, tag=7):
    """A dict display; a key of None is a `**mapping`."""

    keys: list[Expr | None]
    values: list[Expr]


class Operation(_Node, tag=8):
    """A unary, binary, boolean or comparison operator, by its sign; `not`, `-`, `~` may have one operand."""

    operator: str
    operands: list[Expr]
    line: int
    column: int


class Conditional(_Node, tag=9):
    """`body if test else other`."""

    test: Expr
    body: Expr
    other: Expr


class Format(_Node, tag=10):
    """An f-string: its parts; literal ones are `Const`."""

    parts: list[Expr]


class Lambda(_Node, tag=11):
    """An anonymous function."""

    parameters: list[str]
    body: Expr
    line: int
    column: int


class Comprehension(_Node, tag=12):
    """A comprehension with one `for`; `value` is set for a dict."""

    kind: str
    element: Expr
    value: Expr | None
    target: Expr
    iterable: Expr
    conditions: list[Expr]


class Star(_Node, tag=13):
    """`*value` in a call or display."""

    value: Expr


class Other(_Node, tag=14):
    """Anything else, by its text."""

    text: str
    line: int
    column: int


Expr: TypeAlias = (
    Const
    | Name
    | Attr
    | Call
    | Subscript
    | Sequence
    | Mapping
    | Operation
    | Conditional
    | Format
    | Lambda
    | Comprehension
    | Star
    | Other
)


class Bind(_Node, tag=20):
    """`name = value`, `name: annotation = value`, `name: annotation`; `operator` for an augmented assignment."""

    name: str
    value: Expr | None
    annotation: Expr | None
    operator: str | None
    line: int
    column: int


class BindAttribute(_Node, tag=21):
    """`target.name = value`."""

    target: Expr
    name: str
    value: Expr
    line: int
    column: int


class Parameter(msgspec.Struct, array_like=True):
    """A parameter; `star` is `*` or `**` for a collecting one."""

    name: str
    default: Expr | None = None
    star: str = ""


class Function(_Node, tag=22):
    """A function definition; `body` is None where it is not to be followed, and `classes` are those inside it then."""

    name: str
    parameters: list[Parameter]
    decorators: list[Expr]
    returns: Expr | None
    body: list[Statement] | None
    line: int
    column: int
    classes: list[Class] = []


class Class(_Node, tag=23):
    """A class definition."""

    name: str
    bases: list[Expr]
    keywords: list[tuple[str | None, Expr]]
    decorators: list[Expr]
    body: list[Statement]
    line: int
    column: int


class Import(_Node, tag=24):
    """`import module as name`; without `alias` the first part of the module is bound."""

    module: str
    alias: str | None


class ImportFrom(_Node, tag=25):
    """`from module import name as alias`; `level` counts the leading dots; a name of `*` takes everything."""

    module: str
    level: int
    names: list[tuple[str, str]]


class Return(_Node, tag=26):
    """`return value`."""

    value: Expr | None


class Evaluate(_Node, tag=27):
    """An expression for its effect."""

    value: Expr


class If(_Node, tag=28):
    """`if test: body else: other`."""

    test: Expr
    body: list[Statement]
    other: list[Statement]


class For(_Node, tag=29):
    """`for target in iterable: body`."""

    target: Expr
    iterable: Expr
    body: list[Statement]


class Try(_Node, tag=30):
    """`body` as it is meant; `handlers` where something is missing."""

    body: list[Statement]
    handlers: list[Statement]


class Stop(_Node, tag=31):
    """`raise`, `break`, `continue`: what follows in the block is not reached."""


Statement: TypeAlias = (
    Bind | BindAttribute | Function | Class | Import | ImportFrom | Return | Evaluate | If | For | Try | Stop
)


class Module(msgspec.Struct, array_like=True):
    """A lowered file."""

    body: list[Statement]
