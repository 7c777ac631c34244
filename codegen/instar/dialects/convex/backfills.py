"""Backfill modules, in two styles: definitions of `@convex-dev/migrations`, or self-contained with a table of their own."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from instar.dialects.convex.accessors import converter_name
from instar.dialects.convex.document_size import batch_size, page_size
from instar.dialects.convex.templating import render
from instar.dialects.convex.typescript_text import camel, key, member, string
from instar.schema.model import Field, Index, IndexKey, Table
from instar.schema.types import FloatType, LiteralType, StringType, UnionType

if TYPE_CHECKING:
    from instar.schema.operations import BackfillWork

Style: TypeAlias = Literal["component", "self-contained"]

FOLDER = "migrations"
"""Where backfill modules go, inside the functions folder."""

MIGRATIONS_TABLE = Table(
    name="migrations",
    fields=(
        Field(name="name", type=StringType()),
        Field(name="startedAt", type=FloatType(64)),
        Field(name="completedAt", type=FloatType(64), optional=True),
        Field(
            name="status",
            type=UnionType((LiteralType("running"), LiteralType("completed"), LiteralType("failed"))),
        ),
        Field(name="error", type=StringType(), optional=True),
        Field(name="processed", type=FloatType(64)),
        Field(name="cursor", type=StringType(), optional=True),
    ),
    indexes=(Index(name="by_name", keys=(IndexKey("name"),)),),
)
"""The tracking table of the self-contained style."""


def tracking_module() -> str:
    """The text of `migrations/tracking.ts`."""
    return render("tracking.ts.jinja2")


def module_name(work: BackfillWork) -> str:
    """The name of a backfill's module, such as `users_displayName` or `users_name_clear`."""
    if work.target == "*":
        return f"{camel(work.table)}_delete"
    ending = re.search(r"\.(clear|convert)$", work.name)
    return f"{camel(work.table)}_{camel(work.target)}" + (f"_{ending[1]}" if ending else "")


def backfill_module(work: BackfillWork, table: Table, style: Style, module: str, accessors: str) -> str:
    """The text of a backfill's module.

    Args:
        work: What it rewrites; guard and expression are TypeScript over `doc`.
        table: The table as stored while it runs, for the size of its documents.
        style: How it runs and what keeps track of it.
        module: The module's name, see `module_name`.
        accessors: The path of the accessor modules, relative to the functions folder.
    """
    delete = work.clear and work.target == "*"
    imports, expression = "", work.expression or "undefined"
    if work.compute and work.compute.startswith("convert:"):
        convert = converter_name(work.target)
        expression = f"{convert}({member('doc', work.target)})"
        source = posixpath.relpath(posixpath.join(accessors, camel(work.table)), FOLDER)
        imports = f"import {{ {convert} }} from {string(source)};\n"
    return render(
        "component.ts.jinja2" if style == "component" else "backfill.ts.jinja2",
        title=_title(work),
        name=work.name,
        table=work.table,
        delete=delete,
        convert=bool(work.compute),
        guard=work.guard,
        doc_name="doc" if re.search(r"\bdoc\b", expression) else "_doc",
        target=key(work.target),
        expression=expression,
        imports=imports,
        batch=batch_size(table),
        page=page_size(table),
        folder=FOLDER,
        module=f"internal.{FOLDER}.{module}",
        run_path=f"{FOLDER}/{module}",
    )


def _title(work: BackfillWork) -> str:
    if work.target == "*":
        return f"Deletes the documents of `{work.table}`, which leaves the schema."
    name = f"`{work.table}.{work.target}`"
    if work.clear:
        return f"Clears {name}, so that it can leave the schema."
    return f"Converts {name} to its new form." if work.compute else f"Fills {name} where it is missing."
