"""The command line for tests: `run("diff", "--from", "main", cwd=folder)` and git repositories to run it in."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from instar.cli.app import main

IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Done:
    """What a command ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """The document that it printed."""
        return json.loads(self.out)


def run(*arguments: object, cwd: Path | None = None, stdin: str = "", terminal: bool = False) -> Done:
    """Run `instar` in this process, through its real entry point."""
    out, err = _stream(), _stream()
    code: object = 0
    with (
        mock.patch.object(sys, "argv", ["instar", *map(str, arguments)]),
        mock.patch.object(sys, "stdin", _Input(stdin, terminal=terminal)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        contextlib.chdir(cwd or Path.cwd()),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    return Done(code, _text(out), _text(err))


def run_process(*arguments: object, cwd: Path, **variables: str) -> Done:
    """Run `instar` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "instar", *map(str, arguments)],
        cwd=cwd,
        env=os.environ | variables,
        capture_output=True,
        check=False,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def git(folder: Path, *arguments: str) -> str:
    """Run git with an identity of its own and without the user's configuration."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=os.environ | IDENTITY,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def commit(folder: Path, files: dict[str, str], message: str = "a version") -> str:
    """Write files and commit everything, in a repository that is started where there is none; the commit's id."""
    if not (folder / ".git").exists():
        folder.mkdir(parents=True, exist_ok=True)
        git(folder, "init", "-q", "-b", "main")
    write(folder, files)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


class _Input(io.StringIO):
    """What a person types, or a script pipes in."""

    def __init__(self, text: str, *, terminal: bool) -> None:
        super().__init__(text)
        self._terminal = terminal

    def isatty(self) -> bool:
        """Whether a person is there."""
        return self._terminal


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    data = stream.buffer
    assert isinstance(data, io.BytesIO)
    return data.getvalue().decode()
