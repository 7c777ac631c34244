"""One Alembic revision as text: a step's operations, up and down, and the functions that run them.

A revision stands alone: what it needs to wait for a lock, to copy a table or to fill rows is written into it,
so that it does the same in a year, and needs nothing but the standard library, SQLAlchemy and Alembic.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, cast

import msgspec

from instar.dialects.sqlalchemy import python_text
from instar.dialects.sqlalchemy.ddl.acts import Act, Fill, Note, Rebuild, Refuse
from instar.dialects.sqlalchemy.ddl.operations import downgrade, upgrade
from instar.dialects.sqlalchemy.layout import WIDTH, paragraph, tidy
from instar.dialects.sqlalchemy.revision_body import BATCH, body
from instar.dialects.sqlalchemy.templating import render
from instar.schema.covered import constraint_columns
from instar.schema.model import Table
from instar.schema.operations import DropConstraint, DropField, UnsyncFields
from instar.schema.virtual import applied, schema_after, steps_until

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from instar.dialects.sqlalchemy.ddl.names import Backend
    from instar.schema.migration import Migration, Step
    from instar.schema.model import Schema
    from instar.schema.operations import Operation

_HELPERS = ("run", "online", "nullable", "unnamed", "text", "rebuild", "save", "restore", "fill", "compute")
_BACKENDS_OWN = {"run", "online", "nullable", "unnamed", "text", "rebuild"}


class Revision(msgspec.Struct, frozen=True):
    """A revision to be written: its id, the file's path, its text and the step that it carries out."""

    id: str
    path: str
    text: str
    step: str


def revision_id(migration: Migration, step: Step) -> str:
    """Twelve hexadecimal digits that are the same whenever the step is generated."""
    return hashlib.sha256(f"{migration.id}/{step.id}".encode()).hexdigest()[:12]


def write_revision(migration: Migration, step: Step, revises: Sequence[str], folder: str) -> Revision:
    """The revision of one DDL step.

    Args:
        migration: The plan.
        step: A step of it with operations.
        revises: The revisions that it follows; several merge branches.
        folder: Where revisions are kept, relative to the repository root.

    Raises:
        InstarError: The backend cannot do an operation.
    """
    backend = cast("Backend", migration.backend)
    revision = revision_id(migration, step)
    up, down = acts_of(migration, step)
    lines = [line for line in step.title.splitlines() if line.strip()]
    text = render(
        "revision.py.jinja2",
        heading=_heading(migration, step, lines),
        revision=revision,
        revises=list(revises),
        down_revision=_down_revision(revises),
        imports=_imports(backend, (*up, *down)),
        constants=_constants(backend, (*up, *down)),
        up=body(up, backend),
        down=body(down, backend),
        upgrade_summary=_summary(step.operations),
        downgrade_summary="Take it back" if down else "Nothing to take back",
        helpers=_helper_files(backend, (*up, *down)),
        backend=backend,
        up_folders=len(folder.split("/")) if folder != "." else 0,
    )
    name = f"{revision}_{python_text.slug(migration.name, step.id)}.py"
    return Revision(revision, f"{folder}/{name}" if folder != "." else name, tidy(text), step.id)


def acts_of(migration: Migration, step: Step) -> tuple[tuple[Act, ...], tuple[Act, ...]]:
    """What a step does, and what undoes it.

    Raises:
        InstarError: The backend cannot do an operation.
    """
    backend = cast("Backend", migration.backend)
    before = steps_until(migration, step.id)[:-1]
    schema = schema_after(migration, before[-1].id) if before else migration.before
    up: list[Act] = []
    down: list[tuple[Act, ...]] = []
    for operation in step.operations:
        held = _table(schema, operation)
        goes_along = backend == "sqlite" and _goes_along(operation, step, _table(schema, operation))
        if not goes_along:  # else it stays in sight for the drop of its column, which has to take it along
            up.extend(upgrade(operation, _table(schema, operation), backend))
            schema = applied(schema, (operation,))
        down.append(downgrade(operation, _table(schema, operation), backend, held))
    return _merged(up), _merged(act for acts in reversed(down) for act in acts)


def _goes_along(operation: Operation, step: Step, table: Table) -> bool:
    """Whether it drops a constraint over a column that this step drops: SQLite's copy leaves out both."""
    if not isinstance(operation, DropConstraint):
        return False
    gone = {
        field.name
        for act in step.operations
        if isinstance(act, DropField | UnsyncFields) and (act.namespace, act.table) == table.key
        if (field := act.field if isinstance(act, DropField) else act.dropped) is not None
    }
    return bool(gone & set(constraint_columns(operation.constraint, table)))


def _table(schema: Schema, operation: Operation) -> Table:
    found = schema.table(operation.table, operation.namespace)
    return found or Table(name=operation.table, namespace=operation.namespace)


def _merged(acts: Iterable[Act]) -> tuple[Act, ...]:
    """The acts with neighbouring copies of one table made one."""
    merged: list[Act] = []
    for act in acts:
        last = merged[-1] if merged else None
        if (
            isinstance(act, Rebuild)
            and isinstance(last, Rebuild)
            and act.table == last.table
            and bool(act.native) == bool(last.native)
        ):
            merged[-1] = msgspec.structs.replace(
                last,
                calls=(*last.calls, *act.calls),
                native=(*last.native, *act.native),
                without=(*last.without, *act.without),
            )
        else:
            merged.append(act)
    return tuple(merged)


def _heading(migration: Migration, step: Step, lines: Sequence[str]) -> str:
    """The start of the docstring: what the step does, in a summary and a list where it is more than one thing."""
    number = next((d.number for d in migration.deploys if step in d.steps), 0)
    said = [python_text.prose(line).rstrip(".") for line in lines]
    origin = (
        f"{migration.name} ({migration.id}), deploy {number} of {len(migration.deploys)}, step {step.id}."
    )
    summary, rest = (said[0], said[1:]) if said else (step.id, [])
    if len(summary) > WIDTH - len('"""."""'):
        summary, rest = f"Deploy {number} of {python_text.prose(migration.name)}: {step.id}", said
    listed = [paragraph(line, first="- ", rest="  ") for line in rest]
    return "\n".join((f"{summary}.", "", paragraph(python_text.prose(origin)), *listed))


def _down_revision(revises: Sequence[str]) -> str:
    if not revises:
        return "None"
    if len(revises) == 1:
        return python_text.string(revises[0])
    return "(" + ", ".join(python_text.string(one) for one in revises) + ")"


def _summary(operations: Sequence[Operation]) -> str:
    tables = sorted({operation.table for operation in operations})
    return f"Change {', '.join(tables)}"


def _kinds(acts: Sequence[Act]) -> set[str]:
    """The helper functions that these acts call, directly or through each other."""
    kinds = {type(act).__name__.lower() for act in acts if not isinstance(act, (Note, Refuse))}
    if any(isinstance(act, Fill) and act.work.compute for act in acts):
        kinds.add("compute")
    if kinds & {"nullable", "unnamed"}:
        kinds |= {"run", "text"}
    if kinds & {"rebuild", "save", "restore"}:
        kinds.add("run")
    return kinds


def _helper_files(backend: Backend, acts: Sequence[Act]) -> list[str]:
    kinds = _kinds(acts)
    if backend == "sqlite" and "fill" in kinds:
        kinds.add("run")
    return [
        f"{kind}_{backend}.jinja2" if kind in _BACKENDS_OWN else f"{kind}.jinja2"
        for kind in _HELPERS
        if kind in kinds
    ]


def _imports(backend: Backend, acts: Sequence[Act]) -> str:
    kinds = _kinds(acts)
    retries = backend != "sqlite" and "run" in kinds
    standard = ["import importlib.util"] if "compute" in kinds else []
    standard += ["import re"] if "rebuild" in kinds else []
    standard += ["import secrets", "import time"] if retries else []
    typed = ["Callable"] if "fill" in kinds else []
    typed += ["Iterator"] if "rebuild" in kinds else []
    standard += [f"from collections.abc import {', '.join(typed)}"] if typed else []
    standard += ["from contextlib import contextmanager"] if "rebuild" in kinds else []
    standard += ["from pathlib import Path"] if "compute" in kinds else []
    other = ["import sqlalchemy as sa"] if kinds & {"rebuild", "save", "restore", "fill", "online"} else []
    other += ["from alembic import op"] if kinds else []
    other += ["from alembic.operations import BatchOperations"] if "rebuild" in kinds else []
    other += ["from sqlalchemy.exc import DBAPIError"] if retries else []
    return "".join("\n".join(block) + "\n\n" for block in (standard, other) if block)


def _constants(backend: Backend, acts: Sequence[Act]) -> str:
    kinds = _kinds(acts)
    lines: list[str] = []
    if "run" in kinds and backend == "postgresql":
        lines += ['LOCK_TIMEOUT = "2s"', "ATTEMPTS = 20"]
        lines += ['LOCK_NOT_GRANTED = ("55P03", "40P01")  # lock timeout, deadlock']
    if "run" in kinds and backend == "mariadb":
        lines += ["LOCK_WAIT_TIMEOUT = 2  # seconds", "ATTEMPTS = 20"]
        lines += ["LOCK_NOT_GRANTED = (1205, 1213)  # lock wait timeout, deadlock"]
    if "fill" in kinds:
        lines.append(f"BATCH = {BATCH}")
    return "\n".join(("", *lines, "")) if lines else ""
