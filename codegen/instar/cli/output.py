"""What verbs print: text that needs no colour and survives any encoding, or one JSON document."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

if TYPE_CHECKING:
    from typing import TextIO

_ASCII = str.maketrans(
    {"→": "->", "⇄": "<->", "…": "...", "·": "-", "\u2013": "-", "\u2014": "-", "━": "=", "╸": ">"}
)


def say(text: str = "") -> None:
    """A line of the answer, on stdout; colour is dropped where the output is no terminal."""
    click.echo(encodable(text, sys.stdout))


def warn(text: str) -> None:
    """A line beside the answer, on stderr."""
    click.echo(encodable(f"instar: {text}", sys.stderr), err=True)


def print_json(document: object) -> None:
    """One JSON document on stdout: UTF-8 whatever the terminal speaks, indented, keys in the contract's order."""
    click.echo(msgspec.json.format(msgspec.json.encode(document), indent=2))


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """`1 change`, `5 changes`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def good(text: str) -> str:
    """Green."""
    return click.style(text, fg="green")


def bad(text: str) -> str:
    """Red."""
    return click.style(text, fg="red")


def notable(text: str) -> str:
    """Yellow."""
    return click.style(text, fg="yellow")


def heading(text: str) -> str:
    """Bold."""
    return click.style(text, bold=True)


def quiet(text: str) -> str:
    """Dim."""
    return click.style(text, dim=True)


def encodable(text: str, stream: TextIO) -> str:
    """The text in what the stream can encode: arrows and dots in ASCII where it must be."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_ASCII).encode(encoding, "backslashreplace").decode(encoding)
    return text
