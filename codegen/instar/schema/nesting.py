"""Where inside a nested type two versions of it differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.schema.types import ArrayType, ObjectType, RecordType

if TYPE_CHECKING:
    from instar.schema.types import FieldType

ELEMENT = "[]"
VALUE = "{}"


def nested_path(field: str, before: FieldType, after: FieldType) -> str | None:
    """The dotted path, from the field on, of the smallest part that holds every difference.

    Elements of an array are `[]` and values of a record `{}`, as in `settings.tags[].label`. None where the whole
    field differs.
    """
    inner = _difference(before, after)
    return f"{field}{inner}" if inner else None


def _difference(before: FieldType, after: FieldType) -> str:
    match before, after:
        case ObjectType(members=old), ObjectType(members=new):
            was = {member.name: member for member in old}
            now = {member.name: member for member in new}
            differing = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
            if len(differing) != 1:
                return ""
            name = differing[0]
            if name not in was or name not in now or was[name].optional != now[name].optional:
                return f".{name}"
            return f".{name}{_difference(was[name].type, now[name].type)}"
        case ArrayType(element=old_element), ArrayType(element=new_element):
            return ELEMENT + _difference(old_element, new_element)
        case RecordType(), RecordType() if before.key == after.key:
            return VALUE + _difference(before.value, after.value)
        case _:
            return ""
