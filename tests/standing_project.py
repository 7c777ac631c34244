"""A real project half way through a change: what every rule's example is about."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from commands import commit, write
from instar import ledger
from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.plan import PlanOptions, make_plan
from instar.schema.diff import diff
from instar.schema.migration import Migration
from instar.schema.renames import parse_rename
from instar.schema.virtual import declared_after
from instar.sources import FolderSource

HEAD = """\
from datetime import date

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


"""
USER = """\
class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_name: Mapped[str] = mapped_column(String(50))


"""
POST = """\
class Post(Base):
    __tablename__ = "posts"
    __table_args__ = (Index("by_author", "author_id"), Index("by_title", "title"))

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(20))
    published_at: Mapped[date]
    author_id: Mapped[int]
    legacy_field: Mapped[str | None] = mapped_column(String(50))
    legacy_note: Mapped[str | None] = mapped_column(String(50))


"""
TICKET = """\
class Ticket(Base):
    __tablename__ = "tickets"
    __table_args__ = (Index("ix_tickets_state", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    owner_id: Mapped[int]
    note: Mapped[str | None] = mapped_column(String(200))


"""
ORDER = """\
class Order(Base):
    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
"""
BEFORE = HEAD + USER + POST + TICKET + ORDER
DECLARED = (
    HEAD
    + USER.rstrip()
    + "\n    display_name: Mapped[str | None] = mapped_column(String(50))\n\n\n"
    + POST.replace(
        'Index("by_title", "title")', 'Index("by_status_and_published", "status", "published_at")'
    ).replace("    legacy_field: Mapped[str | None] = mapped_column(String(50))\n", "")
    + TICKET
    + ORDER.rstrip()
    + "\n    phase: Mapped[str | None] = mapped_column(String(20))\n"
)
CONFIG = """\
[tool.instar]
accessors = "app/accessors"
backend = "postgresql"
large-tables = ["posts"]
default-branch = "main"
"""
CODE = """\
from datetime import date

from marshmallow_sqlalchemy import SQLAlchemySchema
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Order, Post, Ticket, User


"""
ACCESSORS = """\
def display_name(row):
    return row.display_name or row.user_name


def display_name_expression():
    return None
"""
RENAME = "users.user_name=display_name"


def models_with(body: str) -> str:
    """The declared models with one class as `body` has it."""
    name = re.search(r"class (\w+)", body)[1]
    return re.sub(
        rf"class {name}\(Base\):.*?(?=^class |\Z)",
        lambda _: f"{body.rstrip()}\n\n\n",
        DECLARED,
        flags=re.MULTILINE | re.DOTALL,
    )


def plan(folder: Path, wanted: str, name: str, *renames: str, sync: str = "trigger") -> Migration:
    """The migration from `BEFORE` to these models."""
    before = _schema(folder, BEFORE)
    target = _schema(folder, wanted)
    changes = diff(before, target, [parse_rename(rename) for rename in renames])
    options = PlanOptions(sync=sync)
    return make_plan(before, target, changes, name=name, backend="postgresql", options=options)


def _schema(folder: Path, models: str):
    write(folder, {"app/models.py": models})
    return read_models(FolderSource(folder), Config()).schema


def display_names(folder: Path) -> Migration:
    """`users.user_name` becomes `display_name`, `posts.legacy_note` goes."""
    wanted = BEFORE.replace("user_name", "display_name")
    wanted = wanted.replace("    legacy_note: Mapped[str | None] = mapped_column(String(50))\n", "")
    return plan(folder, wanted, "display-names", RENAME)


def order_phase(folder: Path) -> Migration:
    """`orders.state` becomes `phase`, kept in step by the application."""
    wanted = BEFORE.replace(ORDER, ORDER.replace("state", "phase"))
    return plan(folder, wanted, "order-phase", "orders.state=phase", sync="app")


def dropping(folder: Path) -> Migration:
    """`posts.legacy_note` goes, and every deploy is generated up to the one that unmaps it."""
    wanted = BEFORE.replace("    legacy_note: Mapped[str | None] = mapped_column(String(50))\n", "")
    migration = plan(folder, wanted, "drop-legacy-note")
    for deploy in range(len(migration.deploys) + 1):
        posts = declared_after(migration, deploy).table("posts")
        if posts.field("legacy_note") is None:
            return msgspec.structs.replace(migration, generated=deploy)
    raise AssertionError("the plan never unmaps it")


def lay_out(folder: Path, migration: Migration | None, files: dict[str, str]) -> Path:
    """A repository whose main branch has `BEFORE`; the work tree has the rest."""
    config = Config()
    commit(folder, {"app/__init__.py": "", "app/models.py": BEFORE, "pyproject.toml": CONFIG})
    write(
        folder,
        {"app/models.py": DECLARED, "app/accessors/__init__.py": "", "app/accessors/users.py": ACCESSORS}
        | files,
    )
    if migration is not None:
        write(folder, {ledger.path_of(migration, config): ledger.encode(migration).decode()})
    return folder
