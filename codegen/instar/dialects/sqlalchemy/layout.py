"""Python calls laid out as a formatter would: on one line where they fit, else one argument a line."""

from __future__ import annotations

import re

WIDTH = 100
_INDENT = "    "


def call(name: str, *arguments: str, depth: int = 1, before: str = "", after: str = "") -> str:
    """A call with these arguments as source, indented `depth` times.

    Args:
        name: What is called.
        arguments: Source of each argument, keywords included; one that has lines of its own keeps them.
        depth: How many levels it is indented.
        before: What stands before it, such as `with `.
        after: What stands behind it, such as ` as batch:`.
    """
    pad = _INDENT * depth
    flat = f"{pad}{before}{name}({', '.join(arguments)}){after}"
    if len(flat) <= WIDTH and "\n" not in flat:
        return flat
    lines = [f"{pad}{before}{name}("]
    lines += [f"{pad}{_INDENT}{_indented(argument, depth + 1)}," for argument in arguments]
    return "\n".join((*lines, f"{pad}){after}"))


def _indented(argument: str, depth: int) -> str:
    """An argument that is a call over several lines moves in with its first line; a text does not."""
    if argument.endswith('"""') or "\n" not in argument:
        return argument
    return argument.replace("\n", "\n" + _INDENT * depth)


def tidy(text: str) -> str:
    """The text without trailing blanks, with two empty lines around a definition and one elsewhere."""
    stripped = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    closer = re.sub(r"\n{3,}", "\n\n", stripped)
    spaced = re.sub(r"\n\n(?=(?:def|class|@|async def)\b|@)", "\n\n\n", closer)
    after_body = re.sub(r"(\n[ \t]+[^\s\"][^\n]*\n)\n(?=[A-Z_]+(?:: | = ))", r"\1\n\n", spaced)
    return after_body.strip("\n") + "\n"
