"""Bytes to the small form: by Python's own parser, or by LibCST where that one is too old for the syntax."""

from __future__ import annotations

import ast
import bisect
import warnings
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.reading.lower import lower_module
from instar.dialects.sqlalchemy.reading.older import too_deep, without_function, without_type_parameters

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading.syntax import Module

_MOST_FUNCTIONS = 12


class Unparsable(msgspec.Struct, frozen=True):
    """Why a file could not be lowered, and the line where it stopped."""

    reason: str
    line: int | None = None


def parse(data: bytes) -> Module | Unparsable:
    """Lower one file."""
    try:
        return lower_module(_tree(data))
    except SyntaxError as error:
        newer = None if b"\0" in data else _newer(data)
        return newer or Unparsable(f"does not parse: {error.msg}", error.lineno)
    except (RecursionError, MemoryError):
        return Unparsable("is nested too deeply")
    except ValueError as error:
        return Unparsable(f"is no text: {error}")


def _newer(data: bytes) -> Module | None:
    """The file with its newer syntax written in the older way, line by line the same; None where that fails too."""
    plain = _lowered_without_functions(without_type_parameters(data))
    if plain is not None:
        return plain
    if too_deep(data):
        return None
    from instar.dialects.sqlalchemy.reading.backdate import backdate  # noqa: PLC0415 - LibCST is slow to import

    older = backdate(data)
    return _lowered(older) if older is not None else None


def _lowered_without_functions(data: bytes) -> Module | None:
    """The file without the few functions that the running Python refuses, where they have no part in a model."""
    text: bytes | None = data
    for _ in range(_MOST_FUNCTIONS):
        try:
            return lower_module(_tree(text or b""))
        except SyntaxError as error:
            text = without_function(text or b"", error.lineno or 0)
            if text is None:
                return None
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _lowered(data: bytes) -> Module | None:
    try:
        return lower_module(_tree(data))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _tree(data: bytes) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as invalid escapes in the user's strings
        tree = ast.parse(data)
    if not data.isascii():
        _count_characters(tree, data)
    return tree


def _count_characters(tree: ast.Module, data: bytes) -> None:
    """Python counts columns in UTF-8 bytes; places count characters."""
    lines = data.decode("utf-8", errors="replace").splitlines()
    wide = {number: line.encode() for number, line in enumerate(lines, 1) if not line.isascii()}
    _recount(tree, wide, sorted(wide))


def _recount(tree: ast.AST, wide: dict[int, bytes], numbers: list[int]) -> None:
    """Correct what starts on a wide line, without a look into what no wide line is part of."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        for node in ast.iter_child_nodes(waiting.pop()):
            if isinstance(node, ast.expr | ast.stmt):
                next_wide = bisect.bisect_left(numbers, node.lineno)
                apart = next_wide == len(numbers) or numbers[next_wide] > (node.end_lineno or node.lineno)
                if apart and not getattr(node, "decorator_list", None):  # those stand above its first line
                    continue
                if node.lineno in wide:
                    node.col_offset = len(wide[node.lineno][: node.col_offset].decode(errors="replace"))
            waiting.append(node)
