"""What `instar init` finds in a project, and what it must ask."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click
import msgspec

from instar.cli.project import Project, SchemaVersion
from instar.cli.setup.backend import Backend, as_backend, find_backends
from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.sources import Source


class Choices(msgspec.Struct, frozen=True):
    """What the user said on the command line; None where it is to be found.

    Attributes:
        backend: The database in production.
        alembic: The Alembic folder.
        base: The qualified declarative base.
        ask: Whether a person is there to answer.
    """

    backend: str | None = None
    alembic: str | None = None
    base: str | None = None
    ask: bool = False


class Survey(msgspec.Struct, frozen=True):
    """What was found.

    Attributes:
        version: The schema of the work tree.
        values: The keys for the configuration.
        notes: Where each was found, by key.
    """

    version: SchemaVersion
    values: dict[str, object]
    notes: dict[str, str]


def survey(project: Project, choices: Choices) -> Survey:
    """Find out what the configuration should say.

    Raises:
        InstarError: There are no models, or what cannot be found out was not said and nobody can be asked.
    """
    source = project.source()
    config = project.config
    choices = msgspec.structs.replace(
        choices, backend=choices.backend or config.backend, alembic=choices.alembic or config.alembic
    )
    values: dict[str, object] = {}
    notes: dict[str, str] = {}
    version = project.version("WORKTREE")
    dialect = version.schema.dialect
    if not version.schema.tables:
        raise InstarError(
            f"{project.root} declares no models that could be read. Name the files that do: instar init --schema PATH"
        )
    values["dialect"] = dialect
    if config.schema:
        values["schema"] = list(config.schema)
    if dialect == "sqlalchemy":
        _base(project, source, choices, values)
        if "schema" in values:
            project.config = msgspec.structs.replace(
                config, schema=tuple(map(str, _listed(values["schema"])))
            )
            version = project.version("WORKTREE")
        _backend(source, choices, values, notes)
        _alembic(source, choices, values)
    return Survey(version, values, notes)


def alembic_folders(source: Source) -> tuple[str, ...]:
    """The folders with an `env.py` beside a `script.py.mako`."""
    paths = {file.path for file in source.files(("env.py", "script.py.mako"))}
    found = [path.removesuffix("env.py") for path in sorted(paths) if path.rpartition("/")[2] == "env.py"]
    return tuple(folder.rstrip("/") or "." for folder in found if f"{folder}script.py.mako" in paths)


def _base(project: Project, source: Source, choices: Choices, values: dict[str, object]) -> None:
    """Several declarative bases are several schemas; the files of one are the schema."""
    if project.config.schema:
        return
    from instar.cli.setup.bases import find_bases, paths_of
    from instar.dialects.sqlalchemy.reader import read_models

    bases = find_bases(source, read_models(source, project.config).models)
    if choices.base is not None:
        chosen = [base for base in bases if base.qualified == choices.base]
        if not chosen:
            known = ", ".join(base.qualified for base in bases) or "none"
            raise InstarError(f'there is no declarative base "{choices.base}". There are: {known}.')
    elif len(bases) > 1:
        titles = {base.qualified: base for base in bases}
        name = _chosen(
            "declarative bases",
            list(titles),
            [base.title for base in bases],
            option="--base",
            ask=choices.ask,
        )
        chosen = [titles[name]]
    else:
        return
    values["schema"] = list(paths_of(chosen[0], bases))


def _backend(source: Source, choices: Choices, values: dict[str, object], notes: dict[str, str]) -> None:
    if choices.backend is not None:
        values["backend"] = as_backend(choices.backend)
        return
    found = find_backends(source)
    names: list[Backend] = list(found)
    if len(names) > 1:
        titles = [f"{name} ({found[name]})" for name in names]
        values["backend"] = _chosen(
            "databases", list(map(str, names)), titles, option="--backend", ask=choices.ask
        )
    elif names:
        values["backend"] = names[0]
        notes["backend"] = found[names[0]]


def _alembic(source: Source, choices: Choices, values: dict[str, object]) -> None:
    folders = alembic_folders(source)
    if choices.alembic is not None:
        chosen = choices.alembic.rstrip("/") or "."
        env = "env.py" if chosen == "." else f"{chosen}/env.py"
        if source.read(env) is None:
            there = ", ".join(folders) or "none"
            raise InstarError(f"{chosen} has no env.py, so it is no Alembic folder. There are: {there}.")
        values["alembic"] = chosen
    elif len(folders) > 1:
        values["alembic"] = _chosen("Alembic folders", folders, folders, option="--alembic", ask=choices.ask)
    elif folders:
        values["alembic"] = folders[0]


def _chosen(what: str, names: Sequence[str], titles: Sequence[str], *, option: str, ask: bool) -> str:
    """Ask which one is meant, or end with the options where nobody can answer."""
    if ask and sys.stdin.isatty():
        click.echo(f"There are {len(names)} {what}: {', '.join(titles)}.")
        answer: str = click.prompt("Which one", type=click.Choice(list(names)))
        return answer
    raise InstarError(
        f"there are {len(names)} {what}: {', '.join(titles)}. Say which one: instar init {option} {names[0]}"
    )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
