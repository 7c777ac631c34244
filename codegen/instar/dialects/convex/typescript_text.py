"""Schema names and types as TypeScript text. Names are data: they go through literals, never through formatting."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    BytesType,
    FieldType,
    FloatType,
    IdType,
    IntType,
    LiteralType,
    NullType,
    ObjectType,
    RecordType,
    StringType,
    UnionType,
)

if TYPE_CHECKING:
    from instar.schema.model import Index

_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_SIMPLE: dict[type[FieldType], tuple[str, str]] = {
    StringType: ("v.string()", "string"),
    FloatType: ("v.number()", "number"),
    IntType: ("v.int64()", "bigint"),
    BoolType: ("v.boolean()", "boolean"),
    BytesType: ("v.bytes()", "ArrayBuffer"),
    NullType: ("v.null()", "null"),
    AnyType: ("v.any()", "any"),
}


def string(text: str) -> str:
    """A string literal, with everything escaped that could end it or a script; in the quotes that need less of it."""
    quoted = json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    if text.count('"') <= text.count("'"):
        return quoted
    return "'" + quoted[1:-1].replace('\\"', '"').replace("'", "\\'") + "'"


def key(name: str) -> str:
    """A key of an object literal."""
    return name if _IDENTIFIER.fullmatch(name) else string(name)


def member(owner: str, name: str) -> str:
    """`owner.name`, or `owner["na-me"]`."""
    return f"{owner}.{name}" if _IDENTIFIER.fullmatch(name) else f"{owner}[{string(name)}]"


def literal(value: str | int | float | bool) -> str:  # noqa: FBT001, PYI041 - any plain value
    """A literal of a plain value."""
    return string(value) if isinstance(value, str) else json.dumps(value)


def camel(*parts: str) -> str:
    """`display_name` and `displayName` to `displayName`; safe as an identifier and a file name."""
    words = [word for part in parts for word in re.split(r"[^A-Za-z0-9]+", part) if word]
    text = words[0] + "".join(word[:1].upper() + word[1:] for word in words[1:]) if words else "field"
    return text if text[0].isalpha() else f"field{text}"


def validator(type_: FieldType) -> str:
    """The validator of a type, such as `v.union(v.literal("a"), v.null())`."""
    match type_:
        case IdType(table=table):
            return f"v.id({string(table)})"
        case LiteralType():
            return f"v.literal({_literal_type(type_)})"
        case ArrayType(element=element):
            return f"v.array({validator(element)})"
        case RecordType(key=key_type, value=value):
            return f"v.record({validator(key_type)}, {validator(value)})"
        case UnionType(members=members):
            return f"v.union({', '.join(validator(one) for one in members)})"
        case ObjectType(members=members):
            listed = ", ".join(
                f"{key(m.name)}: {optional_validator(validator(m.type), m.optional)}" for m in members
            )
            return f"v.object({{ {listed} }})" if listed else "v.object({})"
        case _:
            found = _SIMPLE.get(type(type_))
            return found[0] if found else "v.any()"


def laid_out(type_: FieldType, *, optional: bool, indent: str, used: int, width: int = 80) -> str:
    """A validator as prettier lays it out.

    Args:
        type_: What it accepts.
        optional: Whether `v.optional(…)` stands around it.
        indent: The indentation of its line.
        used: Columns of that line that are taken, before it and behind it.
        width: Columns of a line.
    """
    line = optional_validator(validator(type_), optional)
    if used + len(line) <= width:
        return line
    inner = indent + "  "

    def argument(one: FieldType) -> str:
        return laid_out(one, optional=False, indent=inner, used=len(inner) + 1, width=width)

    if optional and not isinstance(type_, ObjectType):
        return f"v.optional(\n{inner}{argument(type_)},\n{indent})"
    match type_:
        case UnionType(members=members):
            body = "".join(f"{inner}{argument(one)},\n" for one in members)
            return f"v.union(\n{body}{indent})"
        case ArrayType(element=ObjectType() as element):
            return f"v.array({laid_out(element, optional=False, indent=indent, used=used + 9, width=width)})"
        case ArrayType(element=element):
            return f"v.array(\n{inner}{argument(element)},\n{indent})"
        case RecordType(key=key_type, value=value):
            return f"v.record(\n{inner}{argument(key_type)},\n{inner}{argument(value)},\n{indent})"
        case ObjectType(members=named):
            deeper = inner + "  " if optional else inner
            lead, tail = (f"v.optional(\n{inner}", f",\n{indent})") if optional else ("", "")
            body = ""
            for one in named:
                start = f"{deeper}{key(one.name)}: "
                text = laid_out(
                    one.type, optional=one.optional, indent=deeper, used=len(start) + 1, width=width
                )
                body += f"{start}{text},\n"
            return f"{lead}v.object({{\n{body}{deeper[:-2]}}}){tail}"
        case _:
            return line


def optional_validator(text: str, optional: bool) -> str:  # noqa: FBT001 - reads like the schema's own call
    """`v.optional(text)` where it is optional; a text of several lines is indented inside it, as prettier does."""
    bare = bare_validator(text)
    if not optional:
        return bare
    if "\n" not in bare:
        return f"v.optional({bare})"
    closing = re.search(r"\n([ \t]*)\S+$", bare)
    indent = closing[1] if closing else ""
    return f"v.optional(\n{indent}  {bare.replace(chr(10), chr(10) + '  ')},\n{indent})"


def bare_validator(text: str) -> str:
    """The validator text without the `v.optional(…)` around it."""
    inner = re.fullmatch(r"v\s*\.\s*optional\s*\((\s*)(.*?),?\s*\)", text.strip(), re.DOTALL)
    if inner is None:
        return text.strip()
    bare = inner[2].strip()
    return bare.replace("\n  ", "\n") if "\n" in inner[1] else bare


def typescript_type(type_: FieldType) -> str:
    """The TypeScript type of a value."""
    match type_:
        case IdType(table=table):
            return f"Id<{string(table)}>"
        case LiteralType():
            return _literal_type(type_)
        case ArrayType(element=element):
            return f"Array<{typescript_type(element)}>"
        case RecordType(key=key_type, value=value):
            return f"Record<{typescript_type(key_type)}, {typescript_type(value)}>"
        case UnionType(members=members):
            return " | ".join(dict.fromkeys(typescript_type(one) for one in members)) or "never"
        case ObjectType(members=members):
            listed = "; ".join(
                f"{key(m.name)}{'?' if m.optional else ''}: {typescript_type(m.type)}" for m in members
            )
            return f"{{ {listed} }}" if listed else "Record<string, never>"
        case _:
            found = _SIMPLE.get(type(type_))
            return found[1] if found else "unknown"


def _literal_type(type_: LiteralType) -> str:
    return f"{type_.value}n" if type_.bigint else literal(type_.value)


def type_test(type_: FieldType, value: str) -> str | None:
    """An expression that is true for values of a type; None where a line of code cannot tell."""
    match type_:
        case LiteralType():
            return f"{value} === {_literal_type(type_)}"
        case UnionType(members=members):
            tests = [type_test(one, value) for one in members]
            return " || ".join(dict.fromkeys(t for t in tests if t)) if tests and None not in tests else None
        case StringType() | IdType():
            return f'typeof {value} === "string"'
        case FloatType():
            return f'typeof {value} === "number"'
        case IntType():
            return f'typeof {value} === "bigint"'
        case BoolType():
            return f'typeof {value} === "boolean"'
        case NullType():
            return f"{value} === null"
        case ArrayType():
            return f"Array.isArray({value})"
        case _:
            return None


def index_call(index: Index, indent: str = "", used: int = 0, width: int = 80) -> str:
    """`.index("by_a", ["a"])` and its kind, as it is chained onto a table.

    Args:
        index: What it declares.
        indent: The indentation of its line.
        used: Columns of that line that are taken, before it and behind it.
        width: Columns of a line.
    """
    name = string(index.name or "")
    fields = ", ".join(string(field) for field in index.fields)
    if index.kind == "btree" and not index.staged:
        head, parts = f".index({name}, ", []
        line = f"{head}[{fields}])"
        if used + len(line) <= width:
            return line
        listed = "".join(f"{indent}  {string(field)},\n" for field in index.fields)
        return f"{head}[\n{listed}{indent}])"
    match index.kind:
        case "search":
            head, parts = f".searchIndex({name}, ", [f"searchField: {fields}"]
        case "vector":
            head, parts = f".vectorIndex({name}, ", [f"vectorField: {fields}"]
        case _:
            head, parts = f".index({name}, ", [f"fields: [{fields}]"]
    if index.dimensions is not None:
        parts.append(f"dimensions: {index.dimensions}")
    if index.include:
        parts.append(f"filterFields: [{', '.join(string(field) for field in index.include)}]")
    if index.staged:
        parts.append("staged: true")
    line = f"{head}{{ {', '.join(parts)} }})"
    if used + len(line) <= width:
        return line
    return f"{head}{{\n{''.join(f'{indent}  {part},' + chr(10) for part in parts)}{indent}}})"
