"""Many linters at once on a cold cache: all find the same, and what they leave behind is whole."""

from __future__ import annotations

import subprocess
import sys

from standing_project import CODE, display_names, lay_out

READ = CODE + "def f(user: User):\n    return user.user_name\n"
COMMANDS = (
    ("-m", "instar", "lint"),
    ("-m", "flake8", "--isolated", "--select=INS", "-j2", "app"),
    ("-m", "flake8", "--isolated", "--select=INS", "app/views.py", "app/models.py"),
)


def test_parallel_runs_find_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    files = {f"app/views{number}.py": READ for number in range(5)}
    lay_out(folder, display_names(folder), {"app/views.py": READ, **files})
    runs = [
        (
            command,
            subprocess.Popen(
                [sys.executable, *command],
                cwd=folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ),
        )
        for command in COMMANDS
        for _ in range(3)
    ]
    found: dict[tuple[str, ...], set[str]] = {command: set() for command in COMMANDS}
    for command, process in runs:
        out, err = process.communicate()
        assert "Traceback" not in err
        found[command].add("\n".join(sorted(out.splitlines())))
    assert [len(outputs) for outputs in found.values()] == [1, 1, 1]
    assert [next(iter(outputs)).count("INS203") for outputs in found.values()] == [6, 6, 1]
    assert [path for path in (tmp_path / "cache").rglob("*") if path.suffix == ".part"] == []
