"""The code of every deploy of a plan, as `instar generate` writes it, and the revisions that go with it."""

from __future__ import annotations

import importlib
import shutil
import sys
from functools import cached_property
from pathlib import Path
from types import ModuleType

import sqlalchemy as sa

from alembic_project import Project
from instar.config import Config
from instar.dialects.base import Workspace
from instar.dialects.sqlalchemy.reader import READER
from instar.generate import generate
from instar.schema.migration import FieldAccess, Migration
from instar.schema.model import Field, Index
from instar.schema.types import IntType
from instar.schema.virtual import declared_after
from instar.sources import FolderSource
from instar.staging import write_all

TABLE = "items"
MODELS = """\
from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    __table_args__ = ({indexes})

{fields}
"""


class Version:
    """The code that a deploy leaves.

    Attributes:
        number: How many deploys it has.
        last: Whether it is the last one.
        model: The mapped class.
        readers: The generated accessor of each field that has one, by stored name.
        expressions: The same for queries, where there is one.
        setters: The function that writes both columns, where there is one.
        names: The attribute of each column.
        optional: Whether a column may be empty in the database by then.
        left_alone: Columns that are mapped and written by the listeners alone.
        engine: Makes connections of its own, and keeps what its statements compile to.
    """

    def __init__(self, migration: Migration, number: int, folder: Path, url: str) -> None:
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.number, self.last = number, number == len(migration.deploys)
        models = _imported(folder, "shop.models")
        self.model = models["shop.models"].Item
        declared = declared_after(migration, number).table(TABLE)
        assert declared is not None
        self.optional = {field.name: field.optional for field in declared.fields}
        self.names = {column.name: key for key, column in self.model.__mapper__.columns.items()}
        module = models.get("shop.accessors.items")
        live = _live(migration, number)

        def found(pattern: str) -> dict[str, object]:
            functions = {column: getattr(module, pattern.format(self.names[column]), None) for column in live}
            return {column: function for column, function in functions.items() if function is not None}

        self.readers, self.expressions = found("{}"), found("{}_expression")
        self.setters = found("set_{}")
        self.left_alone = {
            access.field.name if access.mode == "read_old" else access.old.name
            for access in live.values()
            if access.mode in {"read_old", "read_new"} and access.old is not None
        }

    def maps(self, column: str) -> bool:
        """Whether this version knows a column and works with it."""
        return column in self.names and column not in self.left_alone


class Versions:
    """All deploys of a plan, generated one after the other into a project with an Alembic folder.

    Args:
        folder: Where the project goes.
        url: Its database.
        migration: The plan.
        files: More files of the application, such as a `compute` function.
    """

    def __init__(
        self, folder: Path, url: str, migration: Migration, files: dict[str, str] | None = None
    ) -> None:
        self.project = Project(folder / "project", url)
        self.migration = migration
        self._folder = folder
        for path, text in {
            "shop/__init__.py": "",
            "shop/models.py": _models(migration),
            **(files or {}),
        }.items():
            self.project.write(path, text)
        self._keep(0)
        for deploy in migration.deploys:
            source = FolderSource(self.project.folder)
            workspace = Workspace(source, Config(), lambda tree: READER.read(tree, Config()))
            made = generate(workspace, migration, number=deploy.number)
            write_all(self.project.folder, made.files)
            migration = made.migration
            self._keep(deploy.number)
        self.generated = migration

    def _keep(self, number: int) -> None:
        shutil.copytree(self.project.folder / "shop", self._folder / f"version{number}" / "shop")

    def revision(self, step_id: str) -> str:
        """The Alembic revision of a DDL step."""
        return self.generated.revisions[step_id]

    @cached_property
    def all(self) -> tuple[Version, ...]:
        """The code before the first deploy, and after each."""
        count = len(self.migration.deploys) + 1
        return tuple(
            Version(self.migration, number, self._folder / f"version{number}", self.project.url)
            for number in range(count)
        )


def _models(migration: Migration) -> str:
    """The models that the plan starts from, as somebody would have written them."""
    table = migration.before.table(TABLE)
    assert table is not None
    indexes = "".join(f"{_index(one)}, " for one in table.indexes)
    return MODELS.format(fields="\n".join(map(_field, table.fields)), indexes=indexes)


def _index(index: Index) -> str:
    keys = ", ".join(repr(key.text) for key in index.keys)
    return f"Index({index.name!r}, {keys})"


def _field(field: Field) -> str:
    number = isinstance(field.type, IntType)
    kind = "int" if number else "str"
    kind = f"{kind} | None" if field.optional else kind
    told = ["primary_key=True", "autoincrement=False"] if field.name == "id" else []
    stored = "Integer" if number else f"String({field.type.length})"  # type: ignore[attr-defined]  # a text
    return f"    {field.code_name}: Mapped[{kind}] = mapped_column({', '.join([stored, *told])})"


def _imported(folder: Path, *names: str) -> dict[str, ModuleType]:
    """The modules of a version's package, which leave no trace in `sys.modules`."""
    accessors = sorted((folder / "shop" / "accessors").glob("*.py"))
    wanted = [*names, *(f"shop.accessors.{one.stem}" for one in accessors)]
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        return {name: importlib.import_module(name) for name in wanted}
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
            del sys.modules[name]


def _live(migration: Migration, number: int) -> dict[str, FieldAccess]:
    """The fields in transition after so many deploys, by stored name."""
    found: dict[str, FieldAccess] = {}
    for deploy in migration.deploys[:number]:
        for step in deploy.steps:
            for access in step.access:
                found[access.field.name] = access
                if access.mode == "plain":
                    del found[access.field.name]
    return found
