"""The files that `instar init` writes, as texts: the configuration, ruff's, Alembic's `env.py`, the first snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.cli.output import counted
from instar.cli.setup.settings import with_external_codes, with_section
from instar.errors import InstarError
from instar.ledger import Snapshot, encode, new_id, path_of, read_ledger

if TYPE_CHECKING:
    from instar.cli.project import Project
    from instar.cli.setup.survey import Survey
    from instar.sources import Source

RUFF_FILES = ("pyproject.toml", "ruff.toml", ".ruff.toml")


class Edits(msgspec.Struct):
    """What is to be written.

    Attributes:
        texts: The new content by path, relative to the root.
        lines: What each does, in words.
        advice: What the user has to do by hand.
    """

    texts: dict[str, str] = msgspec.field(default_factory=dict)
    lines: list[tuple[str, str]] = msgspec.field(default_factory=list)
    advice: list[str] = msgspec.field(default_factory=list)


def edits(project: Project, found: Survey) -> Edits:
    """Everything that is not there yet.

    Raises:
        InstarError: A TOML file cannot be edited, or the ledger cannot be read.
    """
    source = project.source()
    made = Edits()
    _configuration(project, source, found, made)
    _ruff(source, made)
    if "alembic" in found.values:
        _filter(source, str(found.values["alembic"]), project.config.versions, made)
    _snapshot(project, found, made)
    return made


def _read(source: Source, path: str, made: Edits) -> str | None:
    """The text of a file with the edits so far."""
    if path in made.texts:
        return made.texts[path]
    data = source.read(path)
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        raise InstarError("this file is not UTF-8. Nothing was written.", path=path) from None


def _configuration(project: Project, source: Source, found: Survey, made: Edits) -> None:
    if project.config_path is not None:
        return
    text = _read(source, "pyproject.toml", made)
    path = "instar.toml" if text is None else "pyproject.toml"
    made.texts[path] = with_section(text or "", found.values, path)
    made.lines.append((path, "[tool.instar]" if text is not None else "the configuration"))


def _ruff(source: Source, made: Edits) -> None:
    for path in RUFF_FILES:
        text = _read(source, path, made)
        edited = None if text is None else with_external_codes(text, path)
        if edited is not None:
            made.texts[path] = edited
            made.lines.append((path, 'lint.external = ["INS"], so that ruff keeps # noqa: INS comments'))


def _filter(source: Source, folder: str, versions: str, made: Edits) -> None:
    from instar.dialects.sqlalchemy.name_filter import has_filter, snippet, with_filter

    path = "env.py" if folder == "." else f"{folder}/env.py"
    text = _read(source, path, made)
    if text is None or has_filter(text):
        return
    edited = with_filter(text, path, versions)
    if edited is None:
        indented = "\n".join(f"    {line}".rstrip() for line in snippet(path, versions).splitlines())
        made.advice.append(
            f"{path} could not be edited safely. Keep autogenerate away from what instar has in flight there:\n\n{indented}\n"
        )
        return
    made.texts[path] = edited
    made.lines.append(
        (path, "include_name and include_object keep autogenerate away from what instar has in flight")
    )


def _snapshot(project: Project, found: Survey, made: Edits) -> None:
    if read_ledger(project.root, project.config).versions:
        return
    schema = found.version.schema
    first = Snapshot(id=new_id("initial", schema.dialect), name="initial", schema=schema)
    path = path_of(first, project.config)
    made.texts[path] = encode(first).decode()
    made.lines.append((path, f"the schema as it is now, {counted(len(schema.tables), 'table')}"))
