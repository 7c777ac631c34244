"""What `instar generate` tells to do next: each command once, with everything that it covers."""

from __future__ import annotations

import shutil
from pathlib import Path

from commands import commit, run

DEMO = Path(__file__).parents[3] / "templates" / "demo"
ANSWERS = (
    "--rename", "users.user_name=display_name",
    "--compute", "users.avatar_url=app/avatars.py:avatar_url",
    "--convert", "tasks.priority=low=1,medium=2,high=3,*=2",
)  # fmt: skip


def test_a_command_is_printed_once_with_what_it_covers(tmp_path: Path) -> None:
    shutil.copytree(DEMO / "first", tmp_path, dirs_exist_ok=True)
    commit(tmp_path, {})
    shutil.copytree(DEMO / "wanted", tmp_path, dirs_exist_ok=True)
    done = run("generate", "--name", "wanted", *ANSWERS, cwd=tmp_path)
    assert done.code == 0, done.err
    lines = done.out[done.out.index("Next:") :].splitlines()
    commands = [line.split("    ")[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert commands.count("  instar run wanted --env NAME") == 1
    assert commands.count("  instar verify wanted --env NAME") == 1
    for field in ("users.display_name", "users.avatar_url", "tasks.priority_v2"):
        assert sum(field in line for line in lines if not line.startswith("  alembic")) >= 1
