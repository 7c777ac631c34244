"""An Alembic script folder, read without running any of it: its revisions, its heads, where new ones go."""

from __future__ import annotations

import ast
import configparser
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from instar.errors import InstarError

if TYPE_CHECKING:
    from instar.config import Config
    from instar.sources import Source


class Script(msgspec.Struct, frozen=True):
    """One revision file.

    Attributes:
        revision: Its id.
        path: The file, relative to the repository root.
        parents: What it revises.
        labels: Its branch labels.
    """

    revision: str
    path: str
    parents: tuple[str, ...]
    labels: tuple[str, ...] = ()


class ScriptFolder(msgspec.Struct, frozen=True, dict=True):
    """An Alembic folder: `path` holds `env.py`, `versions` is where a new revision is written."""

    path: str
    versions: str
    scripts: tuple[Script, ...] = ()

    @cached_property
    def heads(self) -> tuple[Script, ...]:
        """The revisions that no other one revises."""
        revised = {parent for script in self.scripts for parent in script.parents}
        return tuple(script for script in self.scripts if script.revision not in revised)

    def head(self, wanted: str | None = None) -> tuple[str, ...]:
        """The revision that a new one follows: the only head, or the one that was asked for.

        Args:
            wanted: A revision id or the start of one, or a branch label.

        Raises:
            InstarError: There are several heads and none was asked for, or none matches.
        """
        if wanted is not None:
            found = {s.revision for s in self.scripts if wanted in s.labels or s.revision.startswith(wanted)}
            labelled = {s.revision for s in self.heads if self._label_of(s, wanted)}
            matches = labelled or found
            if len(matches) != 1:
                raise InstarError(
                    f'"{wanted}" is {"no" if not matches else "more than one"} head of {self.path}. '
                    f"Heads: {self._listed()}.",
                    path=self.versions,
                )
            return tuple(matches)
        if len(self.heads) > 1:
            raise InstarError(
                f"this Alembic folder has {len(self.heads)} heads: {self._listed()}. "
                "Say which one to follow with --head, or merge them with alembic merge heads.",
                path=self.versions,
            )
        return tuple(script.revision for script in self.heads)

    def _label_of(self, script: Script, label: str) -> bool:
        """Whether a script stands on the branch of that label."""
        by_id = {one.revision: one for one in self.scripts}
        seen, todo = set[str](), [script.revision]
        while todo:
            one = by_id.get(todo.pop())
            if one is None or one.revision in seen:
                continue
            if label in one.labels:
                return True
            seen.add(one.revision)
            todo.extend(one.parents)
        return False

    def _listed(self) -> str:
        return ", ".join(f"{s.revision} ({s.path.rsplit('/', 1)[-1]})" for s in self.heads) or "none"


def script_folder(source: Source, config: Config) -> ScriptFolder:
    """The Alembic folder of a project.

    Raises:
        InstarError: There is none, or there are several and the configuration does not say which one counts.
    """
    files = {file.path: file for file in source.files((".py", ".ini", ".mako"))}
    folders = sorted(
        path.removesuffix("env.py").rstrip("/") or "."
        for path in files
        if path.rsplit("/", 1)[-1] == "env.py" and _beside(path, "script.py.mako") in files
    )
    if config.alembic is not None:
        chosen = config.alembic.strip("/") or "."
        if chosen not in folders and _inside(chosen, "env.py") not in files:
            raise InstarError(
                f'alembic = "{chosen}" in [tool.instar] has no env.py. Found: {_or_none(folders)}.'
            )
    elif len(folders) == 1:
        chosen = folders[0]
    elif folders:
        raise InstarError(
            f"there are {len(folders)} Alembic folders: {', '.join(folders)}. Set alembic in [tool.instar] to one."
        )
    else:
        raise InstarError(
            "there is no Alembic folder (env.py beside script.py.mako). Create one with alembic init migrations."
        )
    versions = _versions(source, chosen, tuple(files))
    paths = [path for path in files if path.startswith(f"{versions}/") and path.endswith(".py")]
    texts = source.read_many(paths)
    scripts = [script for path in sorted(texts) if (script := read_script(texts[path], path)) is not None]
    return ScriptFolder(chosen, versions, tuple(scripts))


def read_script(data: bytes, path: str) -> Script | None:
    """A revision file's id and parents by its assignments; None where it is no revision.

    Raises:
        InstarError: The file does not parse, so that nobody can say what it revises.
    """
    try:
        tree = ast.parse(data)
    except (SyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        raise InstarError(
            "this revision does not parse, so that its place among the revisions is unknown.",
            path=path,
            line=line,
        ) from None
    values: dict[str, object] = {}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.expr):
                values[target.id] = _literal(value)
    revision = values.get("revision")
    if not isinstance(revision, str):
        return None
    return Script(revision, path, _names(values.get("down_revision")), _names(values.get("branch_labels")))


def _literal(node: ast.expr) -> object:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(str(one) for one in value) if isinstance(value, (tuple, list, set)) else ()


def _versions(source: Source, folder: str, paths: tuple[str, ...]) -> str:
    """Where revisions go: the first of `version_locations` of an `alembic.ini` that leads here, else `versions`."""
    for path in paths:
        if path.rsplit("/", 1)[-1] != "alembic.ini":
            continue
        ini = configparser.RawConfigParser(strict=False)
        try:
            ini.read_string((source.read(path) or b"").decode(errors="replace"))
        except configparser.Error:
            continue
        home = path.removesuffix("alembic.ini").rstrip("/")
        if not ini.has_section("alembic"):
            continue
        location = _resolved(ini.get("alembic", "script_location", fallback=""), home)
        several = (
            ini.get("alembic", "version_locations", fallback="").replace(";", " ").replace(",", " ").split()
        )
        if location == folder and several:
            return _resolved(several[0], home)
    return _inside(folder, "versions")


def _resolved(text: str, home: str) -> str:
    """A location of `alembic.ini`, relative to the repository root."""
    plain = (
        text.strip().replace("%(here)s/", "").replace("%(here)s", ".").removeprefix("./").strip("/") or "."
    )
    return _inside(home, plain) if home else plain


def _inside(folder: str, name: str) -> str:
    return name if folder in {".", ""} else folder if name == "." else f"{folder}/{name}"


def _beside(path: str, name: str) -> str:
    return path.removesuffix("env.py") + name


def _or_none(names: list[str]) -> str:
    return ", ".join(names) or "none"
