"""The folder in which the story happens: the application's files, its git history, the commands typed in it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from importlib.resources.abc import Traversable

_MODULES = {"instar": "instar", "alembic": "alembic", "flake8": "flake8", "python": ""}
"""Commands of the story that run as modules of this very interpreter, whatever is on PATH."""


def application(version: str) -> Mapping[str, str]:
    """The files of one version of the demo application: path to text.

    Args:
        version: `"first"` for the whole application, `"wanted"` for the files that the change touches.
    """
    packaged: Traversable = resources.files("instar") / "templates"
    if not packaged.is_dir():  # an editable install reads the checkout's own folder
        packaged = Path(__file__).parents[4] / "templates"
    return dict(_texts(packaged / "demo" / version, ""))


def _texts(folder: Traversable, prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith((".", "__pycache__")):
            continue  # what tools leave in a checkout
        if entry.is_dir():
            found += _texts(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_text("utf-8")))
    return found


class Workspace:
    """A folder with an application in it.

    Attributes:
        root: The folder.
        git: Whether git is there; without it the story compares snapshots.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git = shutil.which("git") is not None

    @property
    def database(self) -> Path:
        """The application's SQLite file."""
        return self.root / "app.db"

    def lay_out(self, files: Mapping[str, str], root: Path | None = None) -> None:
        """Write files, making folders as needed."""
        for path, text in files.items():
            target = (root or self.root) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, "utf-8")

    def run(
        self, command: str, *, live: bool = False, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command line as typed; `live` lets it write to the terminal itself, for progress bars."""
        return subprocess.run(
            self.argv(command),
            cwd=cwd or self.root,
            env=self.environment(),
            check=False,
            text=True,
            encoding="utf-8",
            stdout=None if live else subprocess.PIPE,
            stderr=None if live else subprocess.STDOUT,
        )

    def argv(self, command: str) -> Sequence[str]:
        """The words of a command line, with Python programs run by this interpreter."""
        program, *arguments = shlex.split(command)
        if program == "python":
            return [sys.executable, *arguments]
        if program in _MODULES:
            return [sys.executable, "-m", _MODULES[program], *arguments]
        return [program, *arguments]

    def environment(self) -> dict[str, str]:
        """This process's environment, with git's own identity, no hooks and no configuration of the user's."""
        settings = {
            "user.name": "instar demo",
            "user.email": "demo@instar.invalid",
            "core.hooksPath": os.devnull,
            "core.autocrlf": "false",
            "commit.gpgSign": "false",
            "init.defaultBranch": "main",
            "advice.detachedHead": "false",
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": str(len(settings)),
            "DATABASE_URL": f"sqlite:///{self.database}",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        for number, (key, value) in enumerate(settings.items()):
            environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
        return environment

    def commit(self, message: str) -> None:
        """Record everything in git, quietly; nothing where there is no git."""
        if not self.git:
            return
        for command in ("git add -A", f"git commit -q --allow-empty -m {shlex.quote(message)}"):
            done = self.run(command)
            if done.returncode:
                raise InstarError(f"the demo could not run {command!r} in its folder: {done.stdout.strip()}")

    def append(self, path: str, text: str) -> None:
        """Add lines at the end of a file."""
        with (self.root / path).open("a", encoding="utf-8") as file:
            file.write(text)

    def keep_version(self, name: str) -> None:
        """Copy the application as it is now to a folder, to run it there as a version in service."""
        shutil.copytree(
            self.root / "app", self.root / name / "app", ignore=shutil.ignore_patterns("__pycache__")
        )
