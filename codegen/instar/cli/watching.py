"""`instar lint --watch`: lint again when a file changes, and tell what is different."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, TypeAlias

from instar.cli.output import counted, say, warn
from instar.errors import InstarError
from instar_lint import formats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from instar_lint.findings import Finding

Stamps: TypeAlias = dict[str, tuple[int, int]]

_SECONDS = 0.4
"""Between two looks: soon enough for a person, and next to nothing of a CPU for some thousand files."""
_SETTINGS = (".toml", ".json")
_SKIPPED = frozenset({"node_modules", "__pycache__", "dist", "build", "venv", "site-packages"})


def watch(root: Path, suffixes: Sequence[str], lint: Callable[[], Sequence[Finding]]) -> int:
    """Print the findings, then their changes until Ctrl-C.

    Args:
        root: The project.
        suffixes: How the names of the files end that are linted; its configuration and records count too.
        lint: Reads the project anew and returns what it finds.

    Returns:
        The exit code, 0.
    """
    known: tuple[Finding, ...] = ()
    said = ""
    before: Stamps | None = None
    try:
        while True:
            stamps = stamps_of(root, (*suffixes, *_SETTINGS))
            if stamps != before:
                try:
                    found, trouble = tuple(lint()), ""
                except InstarError as error:
                    found, trouble = known, str(error)
                if trouble and trouble != said:
                    warn(trouble)
                _tell(known, found, first=before is None)
                if before is None:
                    warn(f"{counted(len(found), 'finding')}. Watching {root}; Ctrl-C ends.")
                known, said, before = found, trouble, stamps
            time.sleep(_SECONDS)
    except KeyboardInterrupt:
        return 0


def stamps_of(root: Path, suffixes: tuple[str, ...]) -> Stamps:
    """When each file was written last, and its size; of git only when HEAD moved last."""
    found: Stamps = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in _SKIPPED]
        for name in names:
            if name.endswith(suffixes):
                _stamp(found, os.path.join(folder, name))
    _stamp(found, os.path.join(root, ".git", "logs", "HEAD"))
    return found


def _stamp(found: Stamps, path: str) -> None:
    try:
        status = os.stat(path)
    except OSError:  # gone between the listing and the look
        return
    found[path] = (status.st_mtime_ns, status.st_size)


def _tell(before: Sequence[Finding], after: Sequence[Finding], *, first: bool) -> None:
    for finding in left_of(before, after):
        say(f"- {formats.text_line(finding)}")
    for finding in left_of(after, before):
        say(formats.text_line(finding) if first else f"+ {formats.text_line(finding)}")
    sys.stdout.flush()


def left_of(ones: Iterable[Finding], others: Iterable[Finding]) -> list[Finding]:
    """Those of `ones` that have no match in `others`, each of which matches once; where they stand is no matter."""
    matches: dict[tuple[str, str, str], int] = {}
    for finding in others:
        matches[_key(finding)] = matches.get(_key(finding), 0) + 1
    left = []
    for finding in ones:
        if matches.get(_key(finding), 0):
            matches[_key(finding)] -= 1
        else:
            left.append(finding)
    return left


def _key(finding: Finding) -> tuple[str, str, str]:
    return (finding.place.path, finding.code, finding.message)
