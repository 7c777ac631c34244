"""Values as Python source: what a schema says becomes a literal or a comment, never code."""

from __future__ import annotations

import keyword
import re
import unicodedata

_PRINTABLE = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f\u2028\u2029]*")


def string(text: str) -> str:
    """A string literal: in three quotes over several lines where the text has them and it stays readable."""
    plain = bool(_PRINTABLE.fullmatch(text)) and "\\" not in text
    if "\n" in text and plain and '"""' not in text and not text.endswith('"'):
        return f'"""{text}"""'
    escaped = re.sub(r"[^'\"]+", lambda part: repr(part[0])[1:-1], text)
    if '"' in text and text.count('"') > text.count("'"):
        return "'" + escaped.replace("'", "\\'") + "'"
    return '"' + escaped.replace('"', '\\"') + '"'


def literal(value: object) -> str:
    """A constant as Python source."""
    if isinstance(value, bytes):
        return "b" + string(value.decode("latin-1")).encode("ascii", "backslashreplace").decode()
    return string(value) if isinstance(value, str) else repr(value)


def prose(text: str) -> str:
    """A text as it may stand in a docstring or behind a comment sign, on one line."""
    flat = " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())
    return flat.replace("\\", "\\\\").replace('"""', "'''")


def slug(*parts: str) -> str:
    """Names as part of a file name or an identifier: lower-case ASCII letters, digits and underscores."""
    joined = unicodedata.normalize("NFKD", "_".join(parts)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", joined).strip("_")[:60].strip("_") or "unnamed"


def identifier(name: str) -> str:
    """The name itself where it can be one in Python, else its slug."""
    if name.isidentifier() and not keyword.iskeyword(name):
        return name
    made = slug(name)
    return f"_{made}" if made[0].isdigit() or keyword.iskeyword(made) else made
