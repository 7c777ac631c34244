"""The changes of `instar scaffold` in a SQLModel class: its declarations stay SQLModel's own, deploy by deploy."""

from __future__ import annotations

from pathlib import Path

import pytest

from commands import commit, run, write
from small_application import ENV, SCRIPT

MODELS = """\
from sqlmodel import Field, SQLModel


class Hero(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(index=True, max_length=50)
    secret_name: str
    age: int | None = None
"""
CONFIG = '[tool.instar]\nbackend = "sqlite"\n'
ALEMBIC = {"migrations/env.py": ENV, "migrations/script.py.mako": SCRIPT, "migrations/versions/.gitkeep": ""}


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        (("add-field", "hero.nick", "str"), "nick: str | None = None"),
        (
            ("add-field", "hero.nick", "str(20)", "--required", "--default", "x"),
            'nick: str = Field(max_length=20, sa_column_kwargs={"server_default": "x"})',
        ),
        (
            ("add-field", "hero.nick", "str(20)", "--required", "--fill", "name"),
            "nick: str | None = Field(default=None, max_length=20)",
        ),
        (("add-field", "hero.notes", "text"), "notes: str | None = Field(default=None, sa_type=Text)"),
        (("remove-field", "hero.secret_name"), None),
        (
            ("rename", "hero.name", "title", "--code-first"),
            "title: str = Field(max_length=50, nullable=True)",
        ),
        (
            ("add-index", "hero", "age", "name"),
            '__table_args__ = (Index("ix_hero_age_name", "age", "name"),)',
        ),
    ],
    ids=lambda case: " ".join(case[:4]) if isinstance(case, tuple) else "",
)
def test_a_declaration_is_written_as_sqlmodel_has_it(
    typed: tuple[str, ...], written: str | None, tmp_path: Path
) -> None:
    write(tmp_path, {"models.py": MODELS, "pyproject.toml": CONFIG} | ALEMBIC)
    commit(tmp_path, {})
    done = run("scaffold", *typed, cwd=tmp_path)
    assert done.code == 0, done.err
    before = MODELS.splitlines()
    added = [line.strip() for line in (tmp_path / "models.py").read_text().splitlines() if line not in before]
    assert [line for line in added if "import" not in line] == ([written] if written else [])


def test_table_args_stand_at_the_start_of_a_class_that_names_no_table(tmp_path: Path) -> None:
    write(tmp_path, {"models.py": MODELS, "pyproject.toml": CONFIG} | ALEMBIC)
    commit(tmp_path, {})
    assert run("scaffold", "add-index", "hero", "age", "name", cwd=tmp_path).code == 0
    assert (
        (tmp_path / "models.py")
        .read_text()
        .endswith(
            "class Hero(SQLModel, table=True):\n"
            '    __table_args__ = (Index("ix_hero_age_name", "age", "name"),)\n'
            "\n" + MODELS[MODELS.index("    id:") :]
        )
    )
