"""`instar lint --watch` in a process of its own, on a SQLAlchemy and on a Convex project."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from commands import commit, write

_SECONDS = 40
MODELS = (
    "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column\n\n\nclass Base(DeclarativeBase):\n    pass\n\n\n"
    'class User(Base):\n    __tablename__ = "users"\n    id: Mapped[int] = mapped_column(primary_key=True)\n'
)
OLD = "    old: Mapped[str]\n"
SCHEMA = (
    'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n'
    "export default defineSchema({ users: defineTable({ name: v.string(), %s }) });\n"
)
PROJECTS = {
    "sqlalchemy": (
        {
            "app/models.py": MODELS + OLD,
            "app/views.py": "from app.models import User\n\n\ndef show(user: User):\n    return user.id\n",
        },
        {"app/models.py": MODELS},
        {"app/views.py": "from app.models import User\n\n\ndef show(user: User):\n    return user.old\n"},
        "app/views.py:5:",
    ),
    "convex": (
        {
            "convex/schema.ts": SCHEMA % "old: v.optional(v.string())",
            "convex/users.ts": "export const f = (user: Doc<'users'>) => user.name;\n",
        },
        {"convex/schema.ts": SCHEMA % ""},
        {"convex/users.ts": "export const f = (user: Doc<'users'>) => user.old;\n"},
        "convex/users.ts:1:",
    ),
}


@contextmanager
def watching(folder: Path) -> Iterator[tuple[subprocess.Popen[str], queue.Queue[str]]]:
    """The running command, and the lines that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "instar", "lint", "--watch"],
        cwd=folder,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: queue.Queue[str] = queue.Queue()
    stream = process.stdout
    reader = threading.Thread(target=lambda: [lines.put(line.rstrip()) for line in stream])
    reader.start()
    try:
        yield process, lines
    finally:
        process.kill()
        process.wait()
        reader.join()
        stream.close()


@pytest.mark.parametrize("dialect", PROJECTS)
def test_it_prints_what_changes_and_ends_on_ctrl_c(tmp_path: Path, dialect: str) -> None:
    first, schema, code, place = PROJECTS[dialect]
    commit(tmp_path, first)
    with watching(tmp_path) as (process, lines):
        assert lines.get(timeout=_SECONDS).startswith("instar: 0 findings. Watching")
        write(tmp_path, {**schema, **code})
        said = lines.get(timeout=_SECONDS)
        while place not in said:
            said = lines.get(timeout=_SECONDS)
        assert said.startswith(f"+ {place}")
        assert "INS201" in said
        write(tmp_path, {path: first[path] for path in code})
        taken_back = lines.get(timeout=_SECONDS)
        while place not in taken_back:
            taken_back = lines.get(timeout=_SECONDS)
        assert taken_back == "-" + said[1:]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=_SECONDS) == 0
        assert lines.empty()


def test_it_goes_on_after_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    commit(tmp_path, PROJECTS["sqlalchemy"][0])
    with watching(tmp_path) as (process, lines):
        lines.get(timeout=_SECONDS)
        write(tmp_path, {"pyproject.toml": "[tool.instar\n"})
        assert "pyproject.toml" in lines.get(timeout=_SECONDS)
        assert process.poll() is None
