"""The parts of JavaScript's own library that schemas are written with: `Object.entries`, `[].map`, strings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from instar.dialects.convex.values import (
    UNDEFINED,
    Closure,
    Entry,
    JsArray,
    JsObject,
    Native,
    Undefined,
    Unknown,
    Validator,
    Value,
    ZodValue,
)
from instar.dialects.convex.vocabulary import truthy, validator_member
from instar.dialects.convex.zod_members import zod_member

if TYPE_CHECKING:
    from collections.abc import Callable

    Arguments = tuple[Value, ...]
    Call = Callable[[Value, Arguments], Value]

_PRIMITIVE = (bool, int, float, str)


def key_text(value: Value) -> str | None:
    """A property key as JavaScript writes it; None where it is not known."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return None


def _entries_of(value: Value) -> JsObject | Unknown:
    if isinstance(value, JsObject):
        return value
    if isinstance(value, JsArray) and value.rest is None:
        return JsObject({str(position): Entry(item) for position, item in enumerate(value.items)})
    return value if isinstance(value, Unknown) else Unknown("the keys of this value are not known")


def _keys(arguments: Arguments) -> Value:
    found = _entries_of(arguments[0] if arguments else UNDEFINED)
    if isinstance(found, Unknown):
        return found
    return JsArray(tuple(found.entries), found.rest)


def _values(arguments: Arguments) -> Value:
    found = _entries_of(arguments[0] if arguments else UNDEFINED)
    if isinstance(found, Unknown):
        return found
    return JsArray(tuple(entry.value for entry in found.entries.values()), found.rest)


def _entries(arguments: Arguments) -> Value:
    found = _entries_of(arguments[0] if arguments else UNDEFINED)
    if isinstance(found, Unknown):
        return found
    pairs = tuple(JsArray((name, entry.value)) for name, entry in found.entries.items())
    return JsArray(pairs, found.rest)


def _from_entries(arguments: Arguments) -> Value:
    pairs = arguments[0] if arguments else UNDEFINED
    if not isinstance(pairs, JsArray):
        return pairs if isinstance(pairs, Unknown) else Unknown("these entries are not known")
    entries: dict[str, Entry] = {}
    for pair in pairs.items:
        if not isinstance(pair, JsArray) or len(pair.items) < 2:
            return Unknown("these entries are not known")
        key = key_text(pair.items[0])
        if key is None:
            return Unknown("a key of these entries is not known")
        entries[key] = Entry(pair.items[1])
    return JsObject(entries, pairs.rest)


def merge(objects: tuple[Value, ...]) -> Value:
    """`{...a, ...b}`: an unknown part hides what stands before it, since it may replace it."""
    entries: dict[str, Entry] = {}
    rest: Unknown | None = None
    for value in objects:
        if isinstance(value, JsObject):
            entries |= value.entries
            rest = rest or value.rest
        elif isinstance(value, Unknown):
            entries = {
                name: Entry(
                    Unknown(
                        f"{value.text or 'a later spread'} may replace it",
                        value.place,
                        entry.text,
                        otherwise=entry.value,
                    ),
                    entry.place,
                    entry.text,
                )
                for name, entry in entries.items()
            }
            rest = value
    return JsObject(entries, rest)


def _array_from(arguments: Arguments) -> Value:
    first = arguments[0] if arguments else UNDEFINED
    if isinstance(first, JsArray) and len(arguments) == 1:
        return first
    return Unknown("Array.from() of this value is not known")


def _namespace(**functions: Callable[[Arguments], Value]) -> JsObject:
    return JsObject({name: Entry(Native(name, call)) for name, call in functions.items()})


GLOBALS: Final[dict[str, Value]] = {
    "undefined": UNDEFINED,
    "Object": _namespace(
        keys=_keys,
        values=_values,
        entries=_entries,
        fromEntries=_from_entries,
        assign=merge,
        freeze=lambda arguments: arguments[0] if arguments else UNDEFINED,
    ),
    "Array": JsObject({"from": Entry(Native("from", _array_from))}),
}


def array_member(array: JsArray, name: str, call: Call) -> Value:
    """`array.name`; `call` runs a function value."""
    if name == "length":
        return len(array.items) if array.rest is None else array.rest
    if name in _ARRAY_METHODS:
        method = _ARRAY_METHODS[name]
        return Native(name, lambda arguments: method(array, arguments, call))
    return Unknown(f"[].{name}() is not understood")


def _map(array: JsArray, arguments: Arguments, call: Call) -> Value:
    function = arguments[0] if arguments else UNDEFINED
    return JsArray(
        tuple(call(function, (item, position, array)) for position, item in enumerate(array.items)),
        array.rest,
    )


def _flat_map(array: JsArray, arguments: Arguments, call: Call) -> Value:
    mapped = _map(array, arguments, call)
    return _flat(mapped, (), call) if isinstance(mapped, JsArray) else mapped


def _flat(array: JsArray, _arguments: Arguments, _call: Call) -> Value:
    items: list[Value] = []
    rest = array.rest
    for item in array.items:
        if isinstance(item, JsArray):
            items.extend(item.items)
            rest = rest or item.rest
        elif isinstance(item, Unknown):
            rest = rest or item
        else:
            items.append(item)
    return JsArray(tuple(items), rest)


def _filter(array: JsArray, arguments: Arguments, call: Call) -> Value:
    kept: list[Value] = []
    for position, item in enumerate(array.items):
        verdict = truthy(call(arguments[0] if arguments else UNDEFINED, (item, position, array)))
        if verdict is None:
            return Unknown("what this filter keeps is not known")
        if verdict:
            kept.append(item)
    return JsArray(tuple(kept), array.rest)


def _concat(array: JsArray, arguments: Arguments, call: Call) -> Value:
    return _flat(JsArray((array, *arguments)), (), call)


def _slice(array: JsArray, arguments: Arguments, _call: Call) -> Value:
    bounds = [a if isinstance(a, int) else None for a in arguments[:2]] + [None, None]
    return JsArray(array.items[bounds[0] : bounds[1]]) if array.rest is None else array.rest


def _includes(array: JsArray, arguments: Arguments, _call: Call) -> Value:
    wanted = arguments[0] if arguments else UNDEFINED
    found = any(
        type(item) is type(wanted) and item == wanted for item in array.items if isinstance(item, _PRIMITIVE)
    )
    if isinstance(wanted, Unknown) or (not found and array.rest is not None):
        return Unknown("whether this array includes the value is not known")
    return found


def _join(array: JsArray, arguments: Arguments, _call: Call) -> Value:
    texts = [key_text(item) for item in array.items]
    separator = arguments[0] if arguments else ","
    if array.rest is not None or not isinstance(separator, str) or None in texts:
        return Unknown("this joined text is not known")
    return separator.join(text for text in texts if text is not None)


def _reduce(array: JsArray, arguments: Arguments, call: Call) -> Value:
    if array.rest is not None or len(arguments) < 2:
        return Unknown("this reduction is not known")
    result = arguments[1]
    for position, item in enumerate(array.items):
        result = call(arguments[0], (result, item, position, array))
    return result


_ARRAY_METHODS: Final[dict[str, Callable[[JsArray, Arguments, Call], Value]]] = {
    "map": _map,
    "flatMap": _flat_map,
    "flat": _flat,
    "filter": _filter,
    "concat": _concat,
    "slice": _slice,
    "includes": _includes,
    "join": _join,
    "reduce": _reduce,
}


def string_member(text: str, name: str) -> Value:
    """`"text".name`."""
    methods: dict[str, Callable[[Arguments], Value]] = {
        "toLowerCase": lambda _arguments: text.lower(),
        "toUpperCase": lambda _arguments: text.upper(),
        "trim": lambda _arguments: text.strip(),
        "toString": lambda _arguments: text,
    }
    if name == "length":
        return len(text)
    return Native(name, methods[name]) if name in methods else Unknown(f'"".{name}() is not understood')


def same(left: Value, right: Value) -> bool | None:
    """`left === right`; None where that is not known."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return None
    if isinstance(left, _PRIMITIVE) and isinstance(right, _PRIMITIVE):
        same_kind = isinstance(left, bool) == isinstance(right, bool)
        return same_kind and isinstance(left, str) == isinstance(right, str) and left == right
    if left is None or right is None or isinstance(left, Undefined) or isinstance(right, Undefined):
        return left is right
    return True if left is right else None


def callable_member(function: Closure | Native, name: str) -> Value:
    """`f.name` of a function."""
    if isinstance(function, Native) and name in function.members:
        return function.members[name]
    return Unknown(f"a function has no {name} that is known")


def plain_member(owner: Value, name: str, call: Call) -> Value:
    """`owner.name` for what is neither a table nor a schema."""
    if isinstance(owner, JsObject):
        return owner.get(name)
    if isinstance(owner, Validator):
        return validator_member(owner, name)
    if isinstance(owner, ZodValue):
        return zod_member(owner, name)
    if isinstance(owner, JsArray):
        return array_member(owner, name, call)
    if isinstance(owner, str):
        return string_member(owner, name)
    if isinstance(owner, Closure | Native):
        return callable_member(owner, name)
    if isinstance(owner, Unknown):
        return owner
    return Unknown(f"{name} of this value is not known")
