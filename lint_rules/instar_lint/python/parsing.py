"""Source text to syntax trees."""

from __future__ import annotations

import ast
import re
import warnings

from instar_lint.python.older_syntax import without_type_parameters


def parse(data: bytes | str) -> ast.Module | None:
    """The syntax tree, or None where the text is no Python that this interpreter reads, type parameters apart."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bad escape in the user's string is not ours to report
            try:
                return ast.parse(data)
            except SyntaxError:
                text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
                older = without_type_parameters(text)
                return ast.parse(older) if older != text else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def decoded(data: bytes) -> str:
    """The text of a Python file, by its declared encoding; undecodable bytes are kept as escapes."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    head = b"\n".join(data.split(b"\n", 2)[:2])
    declared = re.search(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", head, re.MULTILINE)
    try:
        return data.decode(declared[1].decode() if declared else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return data.decode("utf-8", "replace")
