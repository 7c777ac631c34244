"""A hash of what a generated file says, so that a formatter is no edit and a hand is."""

from __future__ import annotations

import ast
import hashlib


def fingerprint(path: str, text: str) -> str:
    """The hash of a file: of its syntax tree for Python, of its lines without blanks at their ends otherwise.

    Comments, quotes, line breaks and trailing commas of Python leave it as it is. A file that does not parse was
    edited by hand, so its plain text counts.
    """
    if path.endswith(".py"):
        try:
            said = _dump(ast.parse(text))
        except (SyntaxError, ValueError):
            said = text
    else:
        said = "\n".join(line.rstrip() for line in text.splitlines())
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _dump(node: object) -> str:
    """A syntax tree as text, without positions and empty parts, which differ between versions of Python."""
    if isinstance(node, ast.AST):
        parts = [
            f"{name}={_dump(value)}"
            for name, value in ast.iter_fields(node)
            if name not in {"ctx", "type_comment", "kind"} and value not in (None, [])
        ]
        if isinstance(node, ast.Constant):
            parts = [f"value={node.value!r}"]
        return f"{type(node).__name__}({', '.join(parts)})"
    if isinstance(node, list):
        return "[" + ", ".join(map(_dump, node)) + "]"
    return repr(node)
