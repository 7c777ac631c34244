"""Accessor modules: how code reads and writes a field while both forms of it are stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.convex.templating import WIDTH, render
from instar.dialects.convex.typescript_text import (
    camel,
    key,
    literal,
    member,
    string,
    type_test,
    typescript_type,
)
from instar.schema.types import AnyType, FieldType, NullType, UnionType

if TYPE_CHECKING:
    from collections.abc import Iterable

    from instar.schema.migration import FieldAccess

MARK = "written by instar"
"""Stands in the head of every accessor module that is ours."""


class Accessor(msgspec.Struct, frozen=True, kw_only=True):
    """The functions of one field, as the template wants them."""

    name: str
    says: str
    read: str
    result: str
    type: str = ""
    constant: str = ""
    table: tuple[tuple[str, str], ...] = ()
    convert: str = ""
    stored: str = ""
    test: str = ""
    converted: str = ""
    both: str = ""
    old_type: str = ""
    old_key: str = ""
    new_key: str = ""

    @property
    def line(self) -> str:
        """The table on one line, where it has one entry and fits."""
        pairs = ", ".join(f"[{old}, {new}]" for old, new in self.table)
        line = f"const {self.constant} = new Map<unknown, {self.type}>([{pairs}]);"
        return line if len(self.table) == 1 and len(line) <= WIDTH else ""


def converter_name(field: str) -> str:
    """The function that brings an old value of a field to its new form."""
    name = camel(field)
    return f"convert{name[0].upper()}{name[1:]}"


def accessor_module(table: str, accesses: Iterable[FieldAccess]) -> str:
    """The text of a table's accessor module."""
    accessors = [_accessor(access) for access in accesses]
    used = " ".join(f"{one.type} {one.result}" for one in accessors)
    types = "Doc, Id" if re.search(r"\bId<", used) else "Doc"
    return render("accessors.ts.jinja2", table=table, types=types, accessors=accessors)


def _accessor(access: FieldAccess) -> Accessor:
    name = camel(access.field.name)
    stored = f"Doc<{string(access.table)}>[{string(access.field.name)}]"
    read = member("doc", access.field.name)
    default = access.default.text if access.default else None
    if access.mode == "plain":
        return Accessor(name=name, says=f"`{access.field.name}`.", read=read, result=stored)
    if access.conversion is not None and access.old is not None:
        return _converting(access, name, stored, read)
    present = f"Exclude<{stored}, undefined>"
    if access.old is not None:
        old = member("doc", access.old.name)
        old_type = f"Doc<{string(access.table)}>[{string(access.old.name)}]"
        return Accessor(
            name=name,
            says=f"`{access.field.name}`, or `{access.old.name}` where it is not filled yet.",
            read=_fallback(read, old, access.field.type),
            result=old_type,
            both=f"with{name[0].upper()}{name[1:]}",
            old_type=old_type,
            old_key=key(access.old.name),
            new_key=key(access.field.name),
        )
    return Accessor(
        name=name,
        says=f"`{access.field.name}`, or its value for documents that have none yet.",
        read=_fallback(read, default, access.field.type) if default else read,
        result=present if default else stored,
    )


def _converting(access: FieldAccess, name: str, stored: str, read: str) -> Accessor:
    """A field that is stored in two forms: the union is read through the conversion."""
    conversion = access.conversion
    assert conversion is not None
    assert access.old is not None
    new = _new_type(access.field.type, access.old.type)
    type_text = typescript_type(new)
    table = tuple((literal(old), literal(value)) for old, value in conversion.mapping)
    constant = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()
    converted = conversion.up or f"{constant}.get(value)"
    surely = bool(conversion.up) or conversion.up_default is not None
    if conversion.up_default is not None and not conversion.up:
        converted += f" ?? {literal(conversion.up_default)}"
    if access.field.optional:
        surely = False
    return Accessor(
        name=name,
        says=f"`{access.field.name}` in its new form.",
        read=f"{converter_name(access.field.name)}({read})",
        result=type_text if surely else f"{type_text} | undefined",
        type=type_text,
        constant=constant,
        table=table if not conversion.up else (),
        convert=converter_name(access.field.name),
        stored=stored,
        test=type_test(new, "value") or "false",
        converted=converted,
    )


def _new_type(union: FieldType, old: FieldType) -> FieldType:
    """The members that a union of both forms has beyond the old ones."""
    before = old.members if isinstance(old, UnionType) else (old,)
    members = union.members if isinstance(union, UnionType) else (union,)
    new = tuple(one for one in members if one not in before)
    return new[0] if len(new) == 1 else UnionType(new)


def _fallback(read: str, other: str, type_: FieldType) -> str:
    """`read ?? other`, where null is no value of its own; else only a missing one falls back."""
    members = type_.members if isinstance(type_, UnionType) else (type_,)
    if any(isinstance(one, NullType | AnyType) for one in members):
        return f"{read} !== undefined ? {read} : {other}"
    return f"{read} ?? {other}"
