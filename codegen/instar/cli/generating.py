"""What the verbs share that write files of a migration: where they go, what may not change, what to show."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from instar.cli.evidence import environments
from instar.cli.output import bad, counted, good, heading, print_json, say
from instar.dialects.base import Choices, Workspace
from instar.environments import read_states
from instar.errors import InstarError
from instar.generate import Generated, generate
from instar.staging import write_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from instar.cli.project import Project
    from instar.schema.migration import Deploy, Migration, Step
    from instar.sources import Source


def workspace(project: Project) -> Workspace:
    """The work tree of a project, to be generated into.

    Raises:
        InstarError: The repository is bare, so that there are no files to write.
    """
    if project.repository is not None and project.repository.bare:
        raise InstarError(f"{project.root} is a bare repository: there is no work tree to write into.")
    return Workspace(project.source(), project.config, project.read)


def base_of(project: Project, version: str | None) -> Source | None:
    """The files that a plan starts from, where the old version is a tree of files."""
    if version is not None and (version.endswith(".json") or version.startswith("db:")):
        return None
    if version is None and project.repository is None:
        return None
    return project.source(version or project.deployed())


def choices(project: Project, migration: Migration, *, head: str | None, force: bool, adopt: bool) -> Choices:
    """What may be overwritten: never a revision on the default branch, or applied in a recorded environment."""
    return Choices(head=head, force=force, adopt=adopt, immutable=immutable(project, migration))


def immutable(project: Project, migration: Migration) -> frozenset[str]:
    """Revisions that are on the default branch or applied in a recorded environment."""
    if migration.dialect != "sqlalchemy":
        return frozenset()
    from instar.dialects.sqlalchemy.script_folder import script_folder

    try:
        folder = script_folder(project.source(), project.config)
    except InstarError:
        return frozenset()
    parents = {script.revision: script.parents for script in folder.scripts}
    fixed: set[str] = set()
    todo = [
        one for state in read_states(project.source(), project.config).values() for one in state.revisions
    ]
    while todo:
        one = todo.pop()
        if one not in fixed:
            fixed.add(one)
            todo.extend(parents.get(one, ()))
    if project.repository is not None:
        try:
            landed = project.source(project.repository.default_branch())
        except InstarError:
            return frozenset(fixed)
        paths = {script.path: script.revision for script in folder.scripts}
        fixed.update(paths[path] for path in landed.read_many(paths))
    return frozenset(fixed)


def produce(
    project: Project,
    migration: Migration,
    *,
    base: Source | None,
    said: Choices,
    number: int | None = None,
) -> Generated:
    """The files of a deploy of a migration, for this project."""
    return generate(workspace(project), migration, number=number, base=base, choices=said)


def finish(project: Project, made: Generated, *, dry_run: bool, output_format: str) -> None:
    """Write what was generated, or show it, and say what comes next."""
    deploy = next(d for d in made.migration.deploys if d.number == made.migration.generated)
    if not dry_run:
        write_all(project.root, made.files)
    if output_format == "json":
        print_json(
            {
                "migration": made.migration.name,
                "id": made.migration.id,
                "deploy": deploy.number,
                "revisions": list(made.revisions),
                "files": [
                    {"path": path, "deleted": text is None} for path, text in sorted(made.files.items())
                ],
                "written": not dry_run,
            }
        )
        return
    for line in diff_of(made.before, made.files) if dry_run else _listed(made):
        say(line)
    if dry_run:
        say(f"{counted(len(made.files), 'file')}. Nothing was written.")
        return
    for line in _next(made.migration, deploy, _place(project)):
        say(line)


def diff_of(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> Iterator[str]:
    """Unified diffs of files from what is there; the migration's own file is named and not shown."""
    for path, text in sorted(after.items()):
        old = before.get(path)
        if path.endswith(".json"):
            yield heading(f"{'new' if old is None else 'changed'}: {path}")
            continue
        lines = difflib.unified_diff(
            (old or "").splitlines(),
            (text or "").splitlines(),
            "/dev/null" if old is None else f"a/{path}",
            "/dev/null" if text is None else f"b/{path}",
            lineterm="",
        )
        for line in lines:
            yield good(line) if line.startswith("+") else bad(line) if line.startswith("-") else line


def _listed(made: Generated) -> Iterator[str]:
    for path, text in sorted(made.files.items()):
        state = "deleted" if text is None else "written" if made.before[path] is None else "changed"
        yield f"{state:8} {path}"
    if not made.files:
        yield "Every file is as it should be."


def _place(project: Project) -> str:
    """The environment as a command of the user's names it: the only one that there is, or must be."""
    known = environments(project)
    names = known.required or tuple(known.states)
    return names[0] if len(names) == 1 else "NAME"


def _next(migration: Migration, deploy: Deploy, place: str) -> Iterator[str]:
    """What is to be done in this deploy, in order: each command once, with all that it covers."""
    yield ""
    yield f"{migration.name}, deploy {deploy.number} of {len(migration.deploys)}. Next:"
    covered: dict[str, list[str]] = {}
    for step in deploy.steps:
        command = _command(migration, step, place)
        if command is not None:
            covered.setdefault(command, []).append(step.title.splitlines()[0] if step.title else step.id)
    for command, titles in covered.items():
        first, *others = titles
        yield f"  {command}    {first}"
        yield from (f"  {' ' * len(command)}    {other}" for other in others)
    if deploy.number < len(migration.deploys):
        yield "  instar advance"


def _command(migration: Migration, step: Step, place: str) -> str | None:
    """What a user does for a step, in an environment."""
    if step.kind == "ddl" and step.id in migration.revisions:
        return f"alembic upgrade {migration.revisions[step.id]}"
    if step.kind == "code":
        return "deploy the code"
    if step.work is None:
        return None
    if migration.dialect == "convex":
        from instar.dialects.convex.commands import command_of

        return command_of(step)
    return f"instar {'run' if step.kind == 'backfill' else 'verify'} {migration.name} --env {place}"
