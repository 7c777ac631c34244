"""Which changes of type can fail on, or lose, values that the old type allowed.

The rules are those of SQL types; whatever has no rule here counts as narrowing. A reason is a clause that reads after the change: "… narrows: <reason>".
"""

from __future__ import annotations

from instar.schema.types import (
    AnyType,
    ArrayType,
    BoolType,
    BytesType,
    DateTimeType,
    DateType,
    DecimalType,
    EnumType,
    FieldType,
    FloatType,
    IntType,
    JsonType,
    StringType,
    UuidType,
)

INT_DIGITS = {8: 3, 16: 5, 24: 8, 32: 10, 64: 19}


def narrowing(before: FieldType, after: FieldType) -> str | None:
    """Why a value of the old type may not survive as one of the new type; None where every value does."""
    if before == after or isinstance(after, AnyType):
        return None
    if isinstance(before, AnyType):
        return "the old type allowed anything"
    match before, after:
        case ArrayType(element=old), ArrayType(element=new):
            return narrowing(old, new)
        case (StringType(), StringType()):
            return _string_to_string(before, after)
        case (EnumType(), EnumType()):
            gone = [value for value in before.values if value not in after.values]
            return f"rows may hold {', '.join(map(repr, gone))}" if gone else None
        case (_, StringType()):
            return _to_string(before, after)
        case (IntType() | FloatType() | DecimalType() | BoolType(), IntType() | FloatType() | DecimalType()):
            return _number_to_number(before, after)
        case (BytesType(length=old_length), BytesType(length=new_length)):
            return _shorter(old_length, new_length, "bytes")
        case (DateType() | DateTimeType(), DateType() | DateTimeType()):
            return _time_to_time(before, after)
        case (JsonType(), JsonType()):
            return "JSONB keeps no key order and no duplicate keys" if after.binary else None
        case _:
            return "stored values must be converted"


def _string_to_string(before: StringType, after: StringType) -> str | None:
    if after.fixed and not before.fixed:
        return "trailing blanks are lost"
    return _shorter(
        None if before.text else before.length, None if after.text else after.length, "characters"
    )


def _shorter(before: int | None, after: int | None, unit: str) -> str | None:
    if after is None or (before is not None and before <= after):
        return None
    return f"values may be longer than {after} {unit}"


def _to_string(before: FieldType, after: StringType) -> str | None:
    """Into text: whatever has a text form survives where the text is long enough."""
    needed = _text_length(before)
    if needed is None:
        return "stored values must be converted"
    if after.text or after.length is None or 0 < needed <= after.length:
        return None
    return f"values may be longer than {after.length} characters"


def _text_length(type_: FieldType) -> int | None:
    """How many characters a value takes at most; 0 where there is no limit, None where it has no text form."""
    match type_:
        case IntType(bits=bits):
            return INT_DIGITS.get(bits, 19) + 1
        case DecimalType(precision=precision):
            return precision + 2 if precision is not None else 0
        case EnumType(values=values):
            return max(map(len, values), default=1)
        case UuidType():
            return 36
        case DateType():
            return 10
        case FloatType() | JsonType() | DateTimeType():
            return 0
        case _:
            return None


def _number_to_number(
    before: IntType | FloatType | DecimalType | BoolType, after: IntType | FloatType | DecimalType
) -> str | None:
    match before, after:
        case BoolType(), IntType() | DecimalType():
            return None
        case IntType(), IntType():
            return _int_to_int(before, after)
        case IntType(bits=bits), FloatType():
            exact = 24 if after.bits != 64 else 53
            return None if bits <= exact else "large whole numbers lose digits"
        case IntType(bits=bits), DecimalType(precision=precision, scale=scale):
            if precision is None or precision - (scale or 0) >= INT_DIGITS.get(bits, 19):
                return None
            return f"values may have more than {precision - (scale or 0)} digits"
        case FloatType(bits=old), FloatType(bits=new):
            return "values lose precision" if old != 32 and new == 32 else None
        case DecimalType(), DecimalType():
            return _decimal_to_decimal(before, after)
        case DecimalType(), FloatType():
            return "values lose precision"
        case _:
            return "fractions and large values do not fit"


def _time_to_time(before: DateType | DateTimeType, after: DateType | DateTimeType) -> str | None:
    if isinstance(before, DateType):
        return None
    if isinstance(after, DateType):
        return "the time of day is lost"
    return "the offset of stored times is lost" if before.timezone else None


def _int_to_int(before: IntType, after: IntType) -> str | None:
    if before.unsigned == after.unsigned:
        fits = before.bits <= after.bits
    else:
        fits = before.unsigned and before.bits < after.bits
    return (
        None
        if fits
        else f"values may not fit {'an unsigned' if after.unsigned else 'a'} {after.bits}-bit integer"
    )


def _decimal_to_decimal(before: DecimalType, after: DecimalType) -> str | None:
    if after.precision is None:
        return None
    if before.precision is None:
        return f"values may have more than {after.precision} digits"
    old_scale, new_scale = before.scale or 0, after.scale or 0
    if new_scale < old_scale:
        return f"digits behind the point are rounded to {new_scale}"
    if after.precision - new_scale < before.precision - old_scale:
        return f"values may have more than {after.precision - new_scale} digits before the point"
    return None
