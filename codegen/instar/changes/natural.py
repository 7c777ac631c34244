"""Conversions that need no word of the user: every old value has one obvious new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.ddl.names import quoted
from instar.schema.operations import Conversion
from instar.schema.types import DecimalType, FieldType, FloatType, IntType, StringType

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.ddl.names import Backend
    from instar.schema.model import Field


def natural(old: Field, new: Field, backend: Backend) -> Conversion | None:
    """The conversion of a widening: up it keeps the value; down, what does not fit leaves the old column empty."""
    length = "LENGTH" if backend == "sqlite" else "CHAR_LENGTH"
    fits = _fits(old.type, new.type, quoted(new.name, backend), length)
    if fits is None:
        return None
    up, down = quoted(old.name, backend), quoted(new.name, backend)
    return Conversion(up=up, down=f"CASE WHEN {fits} THEN {down} END" if fits else down)


def _fits(old: FieldType, new: FieldType, value: str, length: str) -> str | None:
    """SQL that is true where a new value fits the old type, empty where all do; None where old values may not fit."""
    match old, new:
        case IntType(bits=b, unsigned=u), IntType(bits=c, unsigned=v) if (b < c and not v) or (
            u == v and b <= c
        ):
            low, high = (0, 2**b - 1) if u else (-(2 ** (b - 1)), 2 ** (b - 1) - 1)
            return f"{value} BETWEEN {low} AND {high}"
        case StringType(length=n), StringType(length=m, text=text) if text or m is None or (n and n <= m):
            return f"{length}({value}) <= {n}" if n else ""
        case DecimalType(precision=int() as p, scale=s), DecimalType(precision=q, scale=t) if q is None or (
            q - (t or 0) >= p - (s or 0) and (t or 0) >= (s or 0)
        ):
            return f"ABS({value}) < {10 ** (p - (s or 0))} AND ROUND({value}, {s or 0}) = {value}"
        case FloatType(bits=32), FloatType(bits=64 | None):
            return ""
        case _:
            return None
