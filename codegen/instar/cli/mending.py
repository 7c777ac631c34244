"""Mending a project: pass after pass, until what was mended brings no new finding that can be mended."""

from __future__ import annotations

import io
import tokenize
from typing import TYPE_CHECKING

import msgspec

from instar.cli.linting import chosen_paths, lint, open_lint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.cli.project import Project
    from instar_lint.findings import Finding

_MOST_PASSES = 4  # a line that read both sides of a pair needs two


class MendedFile(msgspec.Struct, frozen=True):
    """One file before and after, and how many findings were mended in it."""

    path: str
    before: bytes
    after: bytes
    mended: int

    @property
    def texts(self) -> tuple[str, str]:
        """Both contents as text."""
        encoding = _encoding(self.before) or "utf-8"
        return self.before.decode(encoding), self.after.decode(encoding)


class Mending(msgspec.Struct, frozen=True):
    """What would be written, and the number of findings that are left."""

    files: tuple[MendedFile, ...]
    left: int


def mend_project(project: Project, paths: Sequence[str], environment: str | None) -> Mending:
    """Mend what can be mended, in memory.

    Args:
        project: The project.
        paths: Files and folders as they were typed; everything when empty.
        environment: The one environment that counts.

    Raises:
        InstarError: A version, a migration or a record cannot be read, or a path is not there.
    """
    files: dict[str, MendedFile] = {}
    left = 0
    for _ in range(_MOST_PASSES):
        linted = open_lint(project, None, None, environment, buffers={p: f.after for p, f in files.items()})
        chosen = chosen_paths(project, linted.source, paths, None)
        findings = lint(linted, chosen, unused_noqa=False).findings
        proven = sum(finding.confidence == "proven" for finding in findings)
        mended = 0
        for path in sorted({finding.place.path for finding in findings if finding.fix}):
            data = linted.source.read(path) or b""
            found = _mended(data, [finding for finding in findings if finding.place.path == path])
            if found is not None:
                known = files.get(path) or MendedFile(path, data, data, 0)
                files[path] = MendedFile(path, known.before, found[0], known.mended + found[1])
                mended += found[1]
        left = proven - mended
        if not mended:
            break
    return Mending(tuple(files[path] for path in sorted(files)), left)


def _mended(data: bytes, findings: list[Finding]) -> tuple[bytes, int] | None:
    """A file's new content in its own encoding, and how much was mended; None where nothing was."""
    from instar_lint.fixes import mend

    encoding = _encoding(data)
    try:
        done = mend(data.decode(encoding), findings) if encoding else None
        return (
            (done.text.encode(encoding), len(done.findings)) if done and done.findings and encoding else None
        )
    except UnicodeError:
        return None


def _encoding(data: bytes) -> str | None:
    """The declared encoding, a byte order mark included; None where it is not one."""
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except SyntaxError:
        return None
