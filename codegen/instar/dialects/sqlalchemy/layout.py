"""Python source laid out as a formatter would: on one line where it fits, else inside out, else an argument a line."""

from __future__ import annotations

import ast
import re
import textwrap
from typing import TYPE_CHECKING, TypeGuard

import msgspec

from instar.dialects.sqlalchemy.python_text import string

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 88
_INDENT = "    "
_LITERAL = re.compile(r"""(?P<name>\w+=)?(?P<text>"(?!"").*"|'(?!'').*')""", re.DOTALL)


class _Bracketed(msgspec.Struct, frozen=True):
    """Something with brackets that may be opened up: what stands before them, in them, and behind them."""

    opening: str
    parts: tuple[_Bracketed | str, ...]
    closing: str
    packed: bool = False
    """Whether the parts may share a line of their own, as arguments may and members of a display may not."""

    @property
    def flat(self) -> str:
        """The whole on one line."""
        comma = "," if self.opening.endswith("=(") and len(self.parts) == 1 else ""
        return f"{self.opening}{', '.join(map(_flat, self.parts))}{comma}{self.closing}"


def call(name: str, *arguments: str, depth: int = 1, before: str = "", after: str = "") -> str:
    """A call with these arguments as source, indented `depth` times.

    Args:
        name: What is called.
        arguments: Source of each argument, keywords included.
        depth: How many levels it is indented.
        before: What stands before it, such as `with `.
        after: What stands behind it, such as ` as batch:`.
    """
    source = f"{name}({', '.join(arguments)})"
    found = _parsed(source, ast.parse(source, mode="eval").body, before, after)
    return "\n".join(_lines(found, _INDENT * depth, ""))


def statement(source: str, depth: int = 1) -> str:
    """A statement that is written on one line, indented `depth` times: what stands in its brackets is laid out."""
    line = source if not source.startswith("def ") else f"{source} pass"
    node = ast.parse(line).body[0]
    pad = _INDENT * depth
    if isinstance(node, ast.FunctionDef):
        opening, closing = source.index("(") + 1, source.rindex(")")
        parts = tuple(source[opening:closing].split(", "))
        return "\n".join(_lines(_Bracketed(source[:opening], parts, source[closing:], packed=True), pad, ""))
    if isinstance(node, ast.ImportFrom):
        head, _, names = source.partition(" import ")
        parts = tuple(names.split(", "))
        opened = (f"{pad}{head} import (", *(f"{pad}{_INDENT}{one}," for one in parts), f"{pad})")
        return pad + source if _fits(pad + source) else "\n".join(opened)
    value = node.exc if isinstance(node, ast.Raise) else getattr(node, "value", None)
    if value is None:
        return pad + source
    text = ast.get_source_segment(source, value) or ""
    if isinstance(value, ast.Compare) and not _fits(pad + source):
        value = value.left
        text = ast.get_source_segment(source, value) or ""
        start = source.index(text)
        found = _parsed(source, value, source[:start], source[start + len(text) :])
        return "\n".join(_lines(found, pad, ""))
    if isinstance(value, ast.IfExp) and not _fits(pad + source):
        return "\n".join(_choice(source, value, source[: len(source) - len(text)], pad))
    found = _parsed(source, value, source[: len(source) - len(text)])
    return "\n".join(_lines(found, pad, ""))


def _choice(source: str, value: ast.IfExp, before: str, pad: str) -> Iterator[str]:
    """An `a if b else c` in brackets, each part on its own."""
    yield f"{pad}{before}("
    for word, node in (("", value.body), ("if ", value.test), ("else ", value.orelse)):
        yield from _lines(_parsed(source, node, word), pad + _INDENT, "")
    yield f"{pad})"


def comment(text: str, depth: int = 1) -> list[str]:
    """A comment of as many lines as it takes."""
    pad = f"{_INDENT * depth}# "
    return textwrap.wrap(text, WIDTH, initial_indent=pad, subsequent_indent=pad, break_long_words=False)


def paragraph(text: str, depth: int = 0, first: str = "", rest: str = "") -> str:
    """Prose of a docstring, wrapped; the first line starts with `first`, the others with `rest`."""
    pad = _INDENT * depth
    wrapper = textwrap.TextWrapper(WIDTH, initial_indent=pad + first, subsequent_indent=pad + rest)
    wrapper.break_long_words = wrapper.break_on_hyphens = False
    return wrapper.fill(text)


def _parsed(source: str, node: ast.expr, before: str = "", after: str = "") -> _Bracketed | str:
    """A call or a tuple as its parts, down to what has no brackets of its own."""
    text = ast.get_source_segment(source, node) or ""
    if isinstance(node, ast.Lambda):
        body = ast.get_source_segment(source, node.body) or ""
        return _parsed(source, node.body, before + text[: len(text) - len(body)], after)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        entries = (
            _parsed(source, value, f"{ast.get_source_segment(source, key)}: ") for key, value in pairs if key
        )
        return _Bracketed(f"{before}{{", tuple(entries), f"}}{after}")
    if isinstance(node, ast.Call) and _of_a_dict(node.func):
        owner = ast.get_source_segment(source, node.func.value) or ""
        return _parsed(source, node.func.value, before, text[len(owner) :] + after)
    if isinstance(node, ast.Call):
        parts = [_parsed(source, argument) for argument in node.args]
        parts += [_parsed(source, one.value, f"{one.arg}=") for one in node.keywords]
        name = ast.get_source_segment(source, node.func) or ""
        if parts:
            return _Bracketed(f"{before}{name}(", tuple(parts), f"){after}", packed=True)
    if isinstance(node, ast.Tuple):
        return _Bracketed(f"{before}(", tuple(_parsed(source, one) for one in node.elts), f"){after}")
    return f"{before}{text}{after}"


def _of_a_dict(node: ast.expr) -> TypeGuard[ast.Attribute]:
    """Whether a method of a dict in the source is called: the dict is what is opened up."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Dict)


def _flat(part: _Bracketed | str) -> str:
    return part if isinstance(part, str) else part.flat


def _lines(part: _Bracketed | str, pad: str, comma: str) -> Iterator[str]:
    whole = f"{pad}{_flat(part)}{comma}"
    if _fits(whole):
        yield whole
        return
    if isinstance(part, str):
        yield from _text_lines(part, pad, comma)
        return
    yield pad + part.opening
    inside = f"{pad}{_INDENT}{', '.join(map(_flat, part.parts))}"
    if part.packed and _fits(inside):
        yield inside
    elif part.packed and len(part.parts) == 1:
        yield from _lines(part.parts[0], pad + _INDENT, "")
    else:
        for one in part.parts:
            yield from _lines(one, pad + _INDENT, ",")
    yield f"{pad}{part.closing}{comma}"


def _text_lines(part: str, pad: str, comma: str) -> Iterator[str]:
    """A text in pieces that are broken at blanks; one over several lines, and whatever is no text, as it is."""
    match = _LITERAL.fullmatch(part)
    if match is None or "\n" in part:
        yield f"{pad}{part}{comma}"
        return
    alone = not (match["name"] or comma)
    inner = pad if alone else pad + _INDENT
    words = re.findall(r"\S*\s*", ast.literal_eval(match["text"]))
    pieces = [""]
    for word in words:
        if pieces[-1] and not _fits(inner + string(pieces[-1] + word)):
            pieces.append("")
        pieces[-1] += word
    if not alone:
        yield f"{pad}{match['name'] or ''}("
    yield from (inner + string(piece) for piece in pieces)
    if not alone:
        yield f"{pad}){comma}"


def _fits(line: str) -> bool:
    return len(line) <= WIDTH and "\n" not in line


def tidy(text: str) -> str:
    """The text without trailing blanks, with two empty lines around a definition and one elsewhere."""
    stripped = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    closer = re.sub(r"\n{3,}", "\n\n", stripped)
    spaced = re.sub(r"\n\n(?=(?:def|class|@|async def)\b|@)", "\n\n\n", closer)
    after_body = re.sub(r"(\n[ \t]+[^\s\"][^\n]*\n)\n(?=(?:# [^\n]*\n)?[A-Z_]+(?:: | = ))", r"\1\n\n", spaced)
    return after_body.strip("\n") + "\n"
