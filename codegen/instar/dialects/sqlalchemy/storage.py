"""What SQLAlchemy's types and defaults become in each database, so that a declared one and a stored one compare.

No import of SQLAlchemy. The facts are those of its compilers (`visit_BOOLEAN`, `visit_uuid` and so on in
`sqlalchemy.dialects.*.base`) and of what each database reports back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from instar.schema.sql_text import canonical, words
from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    BytesType,
    DateTimeType,
    DecimalType,
    EnumType,
    FloatType,
    IntType,
    JsonType,
    NativeType,
    StringType,
    UuidType,
)

if TYPE_CHECKING:
    from instar.schema.model import Default, Field
    from instar.schema.types import FieldType

_NOW = {
    "now ( )",
    "current_timestamp",
    "current_timestamp ( )",
    "localtimestamp",
    "localtimestamp ( )",
    "transaction_timestamp ( )",
}
_TRUE, _FALSE = {"true", "1", "t", "b'1'"}, {"false", "0", "f", "b'0'"}
_CAST = re.compile(
    r"::\s*(?:\"[^\"]+\"|[a-z_]\w*)(?:\.(?:\"[^\"]+\"|\w+))?(?:\s+(?:varying|precision|with(?:out)? time zone))?(?:\(\d+(?:,\d+)?\))?(?:\[\])?",
    re.IGNORECASE,
)
_LENGTH = re.compile(r"\blength=(\d+)")
_SPELLINGS = {"=": "", "timezone": "zone", "at": "", "time": "", "true": "1", "false": "0"}
_NOISE = {
    "(",
    ")",
    ",",
    "::",
    ":",
    "[",
    "]",
    "array",
    "any",
    "in",
    "text",
    "character",
    "varying",
    "cast",
    "as",
    "_utf8mb4",
}


def same_storage(declared: Field, live: Field, backend: str) -> bool:
    """Whether a database that was made from the declared type would report the live one."""
    return _same_type(declared.type, live.type, backend, declared.spelling)


def _same_type(declared: FieldType, live: FieldType, backend: str, spelling: str = "") -> bool:
    if AnyType() in (declared, live):
        return True
    if isinstance(declared, ArrayType) and isinstance(live, ArrayType):
        return _same_type(declared.element, live.element, backend)
    if isinstance(declared, EnumType):
        return _same_enum(declared, live, backend, spelling)
    if isinstance(declared, FloatType) and isinstance(live, FloatType) and declared.bits is None:
        return True  # `Mapped[float]` is a Float in SQLAlchemy 2.0 and a Double in 2.1
    if stored(declared, backend) == stored(live, backend):
        return True
    return stored(live, backend) in _alternatives(declared, backend)


def _same_enum(declared: EnumType, live: FieldType, backend: str, spelling: str) -> bool:
    """The order of the members is no drift: a member that was added later stands last in the database."""
    if isinstance(live, EnumType):
        return not declared.values or set(declared.values) == set(live.values)
    given = _LENGTH.search(spelling)
    length = int(given[1]) if given else max(map(len, declared.values), default=0)
    if declared.native and backend in {"postgresql", "mariadb"}:
        return False
    return isinstance(live, StringType) and (not length or live.length in {None, length})


def stored(type_: FieldType, backend: str) -> FieldType:
    """The type as the backend tells it apart from others."""
    match type_:
        case ArrayType(element=element):
            return ArrayType(stored(element, backend))
        case IntType() if backend == "sqlite":
            return IntType(64)
        case IntType(bits=bits) if backend == "postgresql":
            return IntType(bits)
        case FloatType():
            return _float(type_, backend)
        case DecimalType(precision=precision, scale=scale):
            return _decimal(precision, scale, backend)
        case BytesType():
            return BytesType()
        case DateTimeType() if backend != "postgresql":
            return DateTimeType()
        case JsonType() if backend != "postgresql":
            return JsonType()
        case StringType(text=True):
            return StringType(text=True)
        case NativeType(text=text):
            return NativeType(" ".join(text.upper().split()))
        case _:
            return type_


def _alternatives(declared: FieldType, backend: str) -> tuple[FieldType, ...]:
    """What else a backend without the type itself reports for it, as `stored` gives it."""
    if backend == "mariadb":
        match declared:
            case BoolType():
                return (NativeType("TINYINT"), IntType(16))
            case JsonType():
                return (NativeType("LONGTEXT"), StringType(text=True))
            case StringType(text=True):
                return tuple(NativeType(f"{size}TEXT") for size in ("TINY", "MEDIUM", "LONG"))
            case BytesType():
                return tuple(NativeType(f"{size}BLOB") for size in ("TINY", "MEDIUM", "LONG"))
    match declared:
        case UuidType() if backend != "postgresql":
            return (StringType(length=32, fixed=True), StringType(length=36, fixed=True))
        case NativeType(text=text) if backend != "postgresql" and text.upper().startswith("INTERVAL"):
            return (DateTimeType(),)
        case ArrayType() if backend != "postgresql":
            return (JsonType(),)
        case _:
            return ()


def _float(type_: FloatType, backend: str) -> FloatType:
    """`FLOAT` without a precision is double in PostgreSQL and SQLite, single in MariaDB."""
    if backend == "sqlite":
        return FloatType(64)
    return FloatType(type_.bits or (32 if backend == "mariadb" else 64))


def _decimal(precision: int | None, scale: int | None, backend: str) -> DecimalType:
    if backend == "mariadb":
        return DecimalType(precision or 10, scale or 0)
    return DecimalType(precision, scale if precision is None else scale or 0)


def same_default(declared: Default | None, live: Default | None) -> bool:
    """Whether two server defaults are one, as far as their text can tell."""
    if declared is None or live is None:
        return _default(declared) in {None, "null"} and _default(live) in {None, "null"}
    one, other = _default(declared), _default(live)
    if one == other or _same_number(one, other):
        return True
    for spellings in (_TRUE, _FALSE):
        if {one, other} <= spellings:
            return True
    return not (declared.constant or live.constant) and same_sql(declared.text, live.text)


def _same_number(one: str | None, other: str | None) -> bool:
    """`0` and `0.00`, as a decimal column reports it."""
    number = re.compile(r"[-+]? ?\d+(?: ?\. ?\d+)?")
    texts = [text.replace(" ", "") for text in (one, other) if text is not None and number.fullmatch(text)]
    return len(texts) == 2 and float(texts[0]) == float(texts[1])


def _default(default: Default | None) -> str | None:
    """Without casts and outer parentheses; a quoted literal as its bare text, and one name for the current time."""
    if default is None:
        return None
    text = canonical(_CAST.sub("", default.text)) or ""
    if text in _NOW or re.fullmatch(r"(current_timestamp|now|localtimestamp) \( \d \)", text):
        return "now"
    quoted = re.fullmatch(r"'((?:[^']|'')*)'", text)
    return quoted[1].replace("''", "'") if quoted else text


def same_sql(declared: str | None, live: str | None) -> bool:
    """Whether two expressions name the same things, whatever the database made of their form."""
    if declared is None or live is None:
        return declared is live
    return canonical(declared) == canonical(live) or _named(declared) == _named(live)


def _named(text: str) -> list[str]:
    """The names, literals and operators of an expression, sorted, without casts and punctuation."""
    found = [word.strip('"').lower() for word in words(_CAST.sub("", text)) if word not in _NOISE]
    return sorted(_SPELLINGS.get(word, word) for word in found if word)
