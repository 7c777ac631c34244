"""The small form back to Python source, on one line: defaults and reasons are shown by their text."""

from __future__ import annotations

from instar.dialects.sqlalchemy.reading import syntax as s

_BRACKETS = {"tuple": "()", "list": "[]", "set": "{}"}
_WORDS = frozenset({"and", "or", "not", "is", "is not", "in", "not in"})


def render(expression: s.Expr) -> str:
    """The source of an expression, with one space around operators and brackets where precedence may need them."""
    match expression:
        case s.Const(value=value):
            return repr(value)
        case s.Name(id=name):
            return name
        case s.Attr(value=value, name=name):
            return f"{_grouped(value)}.{name}"
        case s.Call(function=function, arguments=arguments, keywords=keywords):
            parts = [render(argument) for argument in arguments]
            parts += [f"{k}={render(v)}" if k is not None else f"**{render(v)}" for k, v in keywords]
            return f"{_grouped(function)}({', '.join(parts)})"
        case s.Subscript(value=value, index=index):
            inner = render(index)
            if isinstance(index, s.Sequence) and index.kind == "tuple" and index.items:
                inner = inner[1:-1]
            return f"{_grouped(value)}[{inner}]"
        case _:
            return _composed(expression)


def _composed(expression: s.Expr) -> str:
    match expression:
        case s.Sequence(kind=kind, items=items):
            left, right = _BRACKETS[kind][0], _BRACKETS[kind][1]
            comma = "," if kind == "tuple" and len(items) == 1 else ""
            return f"{left}{', '.join(render(item) for item in items)}{comma}{right}"
        case s.Mapping(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            inner = ", ".join(
                f"{render(k)}: {render(v)}" if k is not None else f"**{render(v)}" for k, v in pairs
            )
            return f"{{{inner}}}"
        case s.Operation(operator=operator, operands=operands):
            return _operation(operator, operands)
        case s.Conditional(test=test, body=body, other=other):
            return f"{_grouped(body)} if {_grouped(test)} else {_grouped(other)}"
        case s.Format(parts=parts):
            return _format(parts)
        case _:
            return _rest(expression)


def _rest(expression: s.Expr) -> str:
    match expression:
        case s.Lambda(parameters=parameters, body=body):
            return (
                f"lambda {', '.join(parameters)}: {render(body)}" if parameters else f"lambda: {render(body)}"
            )
        case s.Comprehension():
            return _comprehension(expression)
        case s.Star(value=value):
            return f"*{_grouped(value)}"
        case s.Other(text=text):
            return text
        case _:
            return "…"


def _grouped(expression: s.Expr) -> str:
    text = render(expression)
    loose = s.Operation | s.Conditional | s.Lambda | s.Other
    number = isinstance(expression, s.Const) and not isinstance(expression.value, str)
    return f"({text})" if isinstance(expression, loose) or number else text


def _operation(operator: str, operands: list[s.Expr]) -> str:
    if operator == ":":
        return ":".join("" if bound == s.Const(None) else render(bound) for bound in operands)
    if len(operands) == 1:
        return f"{operator}{' ' if operator in _WORDS else ''}{_grouped(operands[0])}"
    return f" {operator} ".join(
        render(operand) if isinstance(operand, s.Const) else _grouped(operand) for operand in operands
    )


def _format(parts: list[s.Expr]) -> str:
    text = "".join(
        part.value.replace("{", "{{").replace("}", "}}")
        if isinstance(part, s.Const) and isinstance(part.value, str)
        else "{" + render(part) + "}"
        for part in parts
    )
    return f"f{text!r}"


def _comprehension(expression: s.Comprehension) -> str:
    brackets = _BRACKETS.get(expression.kind, "{}")
    left, right = brackets[0], brackets[1]
    element = render(expression.element)
    if expression.value is not None:
        element = f"{element}: {render(expression.value)}"
    conditions = "".join(f" if {render(condition)}" for condition in expression.conditions)
    target, iterable = render(expression.target), _grouped(expression.iterable)
    return f"{left}{element} for {target} in {iterable}{conditions}{right}"
