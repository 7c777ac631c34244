"""The templates of generated Python, and how they are filled in."""

from __future__ import annotations

import functools
from importlib import resources
from pathlib import Path

import jinja2

from instar.dialects.sqlalchemy import layout, python_text


@functools.cache
def _environment() -> jinja2.Environment:
    packaged = resources.files("instar") / "templates"
    folder = Path(str(packaged)) if packaged.is_dir() else Path(__file__).parents[4] / "templates"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder / "sqlalchemy"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Python source, where `python` and `prose` are the escapes
    )
    environment.filters.update(
        python=python_text.string, prose=python_text.prose, line=layout.statement, wrap=layout.paragraph
    )
    return environment


def render(template: str, **values: object) -> str:
    """A template of `templates/sqlalchemy`, filled in."""
    return _environment().get_template(template).render(**values)
