"""Running git on a repository that nobody vouches for: it only reads, and starts nothing that the repository names.

A repository's own `.git/config` may name programs that git starts: a file system monitor, hooks, an ssh command,
a remote helper of a promisor remote, an upload-pack, filters, textconv and external diffs, a pager, gpg. Each
is switched off here, or belongs to a command that is never run (git-config(1), gitattributes(5)).
"""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SETTINGS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.untrackedCache=false",
    "core.sshCommand=false",
    "core.askPass=false",
    "core.gitProxy=false",
    "core.quotePath=false",
    "core.commitGraph=true",
    "protocol.allow=never",
    "log.showSignature=false",
    "fetch.recurseSubmodules=false",
    "submodule.recurse=false",
)


class NoRepositoryError(InstarError):
    """There is no repository at a place, or no git to read it with; a plain folder may do."""


def command(folder: Path, *arguments: str) -> list[str]:
    """The command line of one hardened git call in `folder`."""
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    return [
        "git",
        "--no-pager",
        "--no-optional-locks",
        "--no-replace-objects",
        *settings,
        "-C",
        str(folder),
        *arguments,
    ]


def environment() -> dict[str, str]:
    """The environment of a git call: nothing of the caller's git, no prompt, no lazy fetch, no other config."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith("GIT_CONFIG_")  # such as the user's safe.directory
    }
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "false",
        "GIT_ASKPASS": "false",
        "LC_ALL": "C",
    }


def run(folder: Path, *arguments: str, work_tree: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run git and return what it said, whatever its exit code.

    Raises:
        InstarError: git is not installed.
    """
    variables = environment()
    if work_tree is not None:
        variables["GIT_WORK_TREE"] = str(work_tree)
    try:
        return subprocess.run(
            command(folder, *arguments),
            env=variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        raise NoRepositoryError(
            "git was not found on PATH. Install it, or compare stored snapshots."
        ) from None


def output(folder: Path, *arguments: str, work_tree: Path | None = None) -> bytes:
    """What git printed.

    Raises:
        InstarError: git failed; with its own last line.
    """
    done = run(folder, *arguments, work_tree=work_tree)
    if done.returncode:
        raise InstarError(f"git {arguments[0]} failed in {folder}: {last_line(done.stderr)}")
    return done.stdout


def last_line(said: bytes) -> str:
    """The last line that git said, without its `fatal: `."""
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("fatal: ") if lines else "it gave no reason"


def lines(folder: Path, *arguments: Sequence[str] | str) -> list[str]:
    """The lines that git printed; none where it failed."""
    flat = [a for argument in arguments for a in ([argument] if isinstance(argument, str) else argument)]
    done = run(folder, *flat)
    return done.stdout.decode(errors="replace").splitlines() if done.returncode == 0 else []
