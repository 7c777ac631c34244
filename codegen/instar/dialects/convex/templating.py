"""The templates of generated TypeScript, and how they are filled in."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

import jinja2

from instar.dialects.convex.typescript_text import string

WIDTH = 80
"""Columns of a line, as prettier has it by default."""


@functools.cache
def _environment() -> jinja2.Environment:
    packaged = resources.files("instar") / "templates"
    folder = Path(str(packaged)) if packaged.is_dir() else Path(__file__).parents[4] / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder / "convex"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - TypeScript source, where `ts` is the escape
    )
    environment.filters.update(ts=string, signature=signature, assignment=assignment)
    return environment


def signature(parts: tuple[str, str, str]) -> str:
    """The head of a function of one parameter, as prettier breaks it at 80 columns."""
    name, parameter, result = parts
    returned = f": {result}" if result else ""
    line = f"{name}({parameter}){returned} {{"
    return line if len(line) <= WIDTH else f"{name}(\n  {parameter},\n){returned} {{"


def assignment(parts: tuple[str, str]) -> str:
    """`const x = value;`, broken behind the sign where it is too long."""
    name, value = parts
    line = f"{name} = {value};"
    return line if len(line) <= WIDTH else f"{name} =\n  {value};"


def render(template: str, **values: object) -> str:
    """A template of `templates/convex`, filled in."""
    return _environment().get_template(template).render(**values)
