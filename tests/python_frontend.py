"""Small projects for the tests of the Python frontend: the models that a snippet of code is read against."""

import re
import textwrap

from instar.dialects.sqlalchemy.mapping import MappedAttribute, MappedClass, Models
from instar.schema.model import Constraint, Field, Place, Reference, Schema, Table
from instar.schema.types import StringType
from instar_lint.facts import FieldUse
from instar_lint.python import Knowledge, Watch, facts_of
from instar_lint.python.modules import Modules


def model(name, table, attributes, *, module="app.models", bases=(), namespace=None, abstract=False):
    """A mapped class from `{"name": "column"}` pairs: a string is a column, `Post` a relationship, `[Post]` to many."""
    path = module.replace(".", "/") + ".py"
    made = []
    for attribute, what in sorted(attributes.items()):
        if what.startswith(("->", "=>")):
            target = f"{module}.{what[2:]}"
            made.append(
                MappedAttribute(name=attribute, kind="relationship", target=target, many=what[0] == "=")
            )
        elif what.startswith("!"):
            made.append(MappedAttribute(name=attribute, kind=what[1:]))
        else:
            made.append(MappedAttribute(name=attribute, kind="column", column=what))
    return MappedClass(
        qualified=f"{module}.{name}", module=module, name=name, path=path, place=Place(path, 1), bases=bases,
        table=table, namespace=namespace, attributes=tuple(made), abstract=abstract,
    )  # fmt: skip


USER = model(
    "User", "users", {"id": "id", "name": "user_name", "email": "email", "posts": "=>Post", "bio": "bio"}
)
POST = model("Post", "posts", {"id": "id", "title": "title", "status": "status", "published_at": "published_at",
                               "author_id": "author_id", "author": "->User", "name": "name"})  # fmt: skip
MODELS = Models(classes=(POST, USER))
SCHEMA = Schema(
    dialect="sqlalchemy",
    tables=(
        Table(
            name="posts",
            fields=tuple(
                Field(name=n, type=StringType()) for n in ("id", "title", "status", "author_id", "name")
            ),
            constraints=(
                Constraint(kind="primary_key", fields=("id",)),
                Constraint(
                    kind="foreign_key",
                    fields=("author_id",),
                    references=Reference(table="users", fields=("id",)),
                ),
            ),
        ),
        Table(
            name="users",
            fields=tuple(Field(name=n, type=StringType()) for n in ("id", "user_name", "email")),
            constraints=(Constraint(kind="primary_key", fields=("id",)),),
        ),
    ),
)


class Files(dict):
    """A source of files in memory."""

    label = "memory"

    def read(self, path):
        return self.get(path)


def knowledge(files=None, *, models=MODELS, before=None, types=None, schema=SCHEMA):
    """The knowledge of a project with these files besides the models."""
    data = Files({path: textwrap.dedent(text).encode() for path, text in (files or {}).items()})
    return Knowledge(models, before=before, modules=Modules(data, data), types=types, schema=schema)


def facts(text, *, path="app/views.py", known=None, watch=None, header=True):
    """All facts of a snippet; the models and SQLAlchemy are imported for it."""
    text = textwrap.dedent(text)
    if header:
        text = (
            "import sqlalchemy as sa; from sqlalchemy import select, text; from app.models import User, Post\n"
            + text
        )
    return facts_of(text, path, known or knowledge(), watch or Watch(everything=True))


def uses(text, field="users.user_name", **options):
    """The uses of one field as `line:column access confidence`, lines counted as in the snippet."""
    table, column = field.split(".")
    shift = 1 if options.get("header", True) else 0
    return [
        f"{f.place.line - shift}:{f.place.column} {f.access} {f.confidence}"
        for f in facts(text, **options)
        if isinstance(f, FieldUse) and (f.table, f.field) == (table, column)
    ]


def marked(text):
    """A snippet with its expected uses in comments: `# ^ read` points at the column above, proven unless said."""
    expected = []
    kept = []
    for line in textwrap.dedent(text).strip("\n").split("\n"):
        mark = re.match(r"\s*#\s*(\^)\s*(.*)$", line)
        if mark is None:
            kept.append(line)
            continue
        for use in mark[2].split(","):
            access, _, confidence = use.strip().partition(" ")
            expected.append(f"{len(kept)}:{mark.start(1) + 1} {access} {confidence or 'proven'}")
    return "\n".join(kept), sorted(expected, key=lambda use: (int(use.split(":")[0]), use))
