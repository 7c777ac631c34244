"""The module of a function that computes values: the user's once it is written, a raising outline until then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.python_text import identifier
from instar.dialects.sqlalchemy.templating import render

if TYPE_CHECKING:
    from instar.schema.migration import Deploy, Migration
    from instar.sources import Source


def compute_stubs(source: Source, migration: Migration, deploy: Deploy) -> dict[str, str]:
    """Outlines of the functions that a deploy's backfills call and whose file does not exist yet.

    Args:
        source: The files as they are.
        migration: The plan.
        deploy: The deploy whose backfills are looked at.
    """
    wanted: dict[str, dict[str, str]] = {}
    for step in deploy.steps:
        if step.work is not None and step.work.compute is not None:
            path, _, function = step.work.compute.partition(":")
            wanted.setdefault(path, {})[identifier(function)] = f"{step.work.table}.{step.work.target}"
    return {
        path: render("compute_module.py.jinja2", functions=functions, migration=migration)
        for path, functions in sorted(wanted.items())
        if source.read(path) is None
    }
