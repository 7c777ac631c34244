"""What `instar lint` and `instar fix` share: a version of a project, its findings, and what takes some of them back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from instar.errors import InstarError
from instar.schema.renames import parse_rename
from instar.sources import WORKTREE
from instar.sources.overlay import OverlaySource
from instar_lint.baseline import Entry, against, decode
from instar_lint.findings import Finding, in_order
from instar_lint.project import LintProject, between_versions, pending
from instar_lint.python.parsing import decoded
from instar_lint.readings import Readings
from instar_lint.rules.ins001_unused_suppression import finding_of
from instar_lint.suppressions import NAMES_OURS, without_suppressed
from instar_lint.versions import Labels

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from instar.cli.project import Project
    from instar.sources import Source

LINTED = (
    ".py",
    ".html",
    ".jinja",
    ".jinja2",
    ".j2",
    ".txt",
    ".xml",
    ".ts",
    ".tsx",
    ".js",
    ".jsx",
    ".mts",
    ".mjs",
)
"""How the names of files end that can hold findings."""


class Linted(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome.

    Attributes:
        findings: What is wrong, in order, of every confidence.
        stale: Baseline entries that nothing matches any more.
    """

    findings: tuple[Finding, ...]
    stale: tuple[Entry, ...] = ()


def open_lint(
    project: Project,
    from_version: str | None,
    to_version: str | None,
    environment: str | None,
    renames: Sequence[str] = (),
    *,
    buffers: Mapping[str, bytes] | None = None,
) -> LintProject:
    """The project ready to be linted: against one version, or against what is deployed.

    Args:
        project: The project.
        from_version: The version that counts as deployed; what is recorded when None.
        to_version: The version whose code is linted; the work tree when None.
        environment: The one environment that counts.
        renames: What is a rename between the two versions, as the user typed it.
        buffers: What stands in for some files of the version that is linted, by path.

    Raises:
        InstarError: A version, a migration or a record cannot be read, or a rename does not fit.
    """
    if renames and from_version is None:
        raise InstarError(
            "--rename says what differs between two versions: give --from too. "
            "Without it, renames are those of the committed migrations."
        )
    bare = project.repository is not None and project.repository.bare
    name = to_version or ("HEAD" if bare else WORKTREE)
    source = OverlaySource(project.source(name), buffers) if buffers else project.source(name)
    readings = Readings(project.config, str(project.root))
    labels = Labels(from_version or "", _title(project, name))
    if from_version is not None:
        before = project.source(from_version)
        labels = Labels(_title(project, from_version), labels.after)
        told = [parse_rename(text) for text in renames]
        return between_versions(source, before, project.config, labels, renames=told, readings=readings)
    base = None
    start = _start(project)
    if start is not None:
        branch, commit = start
        base = project.source(commit)
        labels = Labels(f"{branch} ({commit[:7]})", labels.after)
    return pending(source, base, project.config, labels, environment=environment, readings=readings)


def _start(project: Project) -> tuple[str, str] | None:
    """The default branch and the merge-base with it; None where there is no history."""
    if project.repository is None:
        return None
    try:
        branch = project.repository.default_branch()
        return branch, project.repository.merge_base(branch, "HEAD")
    except InstarError:
        return None


def _title(project: Project, name: str) -> str:
    if name == WORKTREE or project.repository is None:
        return "the work tree"
    commit = project.repository.resolve(name)
    return commit[:7] if commit.startswith(name) else f"{name} ({commit[:7]})"


def chosen_paths(
    project: Project, source: Source, named: Sequence[str], changed_since: str | None
) -> frozenset[str] | None:
    """The files to lint, relative to the root; None for all of them.

    Args:
        project: The project.
        source: The version that is linted.
        named: Files and folders as they were typed, relative to the current folder.
        changed_since: A git ref: only what differs from its merge-base with HEAD.

    Raises:
        InstarError: A path is not there, or lies outside the project.
    """
    wanted: set[str] | None = None
    if named:
        files = [file.path for file in source.files(LINTED)]
        wanted = {path for name in named for path in _inside(project.root, name, files)}
    if changed_since is not None:
        if project.repository is None:
            raise InstarError("--changed-since needs a git repository. Leave it out to lint everything.")
        base = project.repository.merge_base(changed_since, "HEAD")
        changed = set(project.repository.changed_paths(base, WORKTREE))
        wanted = changed if wanted is None else wanted & changed
    return None if wanted is None else frozenset(wanted)


def _inside(root: Path, name: str, files: Sequence[str]) -> list[str]:
    absolute = Path(os.path.abspath(name))
    for top in (root, root.resolve()):
        if absolute == top:
            return list(files)
        if absolute.is_relative_to(top):
            relative = absolute.relative_to(top).as_posix()
            found = [path for path in files if path == relative or path.startswith(f"{relative}/")]
            if not found and not absolute.exists() and name not in files:
                raise InstarError("there is no such file or folder.", path=name)
            return found
    raise InstarError(f"it lies outside the project at {root}. Name the project with --repo.", path=name)


def lint(
    linted: LintProject,
    paths: Collection[str] | None,
    *,
    baseline: Path | None = None,
    unused_noqa: bool = True,
) -> Linted:
    """The findings without those that a comment takes back or a baseline knows.

    Args:
        linted: The project.
        paths: The files to lint; all of them when None.
        baseline: A file of known findings; only proven ones are kept there.
        unused_noqa: Whether comments that take back nothing are findings.

    Raises:
        InstarError: The baseline cannot be read.
    """
    findings = linted.findings(paths)
    kept, unused = without_suppressed(findings, _texts(linted, findings, paths))
    if unused_noqa:
        kept = in_order([*kept, *map(finding_of, unused)])
    if baseline is None:
        return Linted(findings=kept)
    try:
        known = decode(baseline.read_bytes(), str(baseline))
    except OSError as error:
        raise InstarError(
            f"this baseline cannot be read: {error.strerror}. Write it with --write-baseline.",
            path=str(baseline),
        ) from None
    proven = [finding for finding in kept if finding.confidence == "proven"]
    new, stale = against(proven, known)
    rest = [finding for finding in kept if finding.confidence != "proven"]
    if paths is not None:
        stale = tuple(entry for entry in stale if entry.path in paths)
    return Linted(findings=in_order([*new, *rest]), stale=stale)


def _texts(linted: LintProject, findings: Sequence[Finding], paths: Collection[str] | None) -> dict[str, str]:
    """The text of every file that has a finding, or a comment that names a rule of ours."""
    with_findings = {finding.place.path for finding in findings}
    wanted = [f.path for f in linted.source.files(LINTED) if paths is None or f.path in paths]
    files = linted.source.read_many(wanted)
    return {
        path: decoded(data)
        for path, data in files.items()
        if path in with_findings or (NAMES_OURS.search(data) and linted.counts(path))
    }
