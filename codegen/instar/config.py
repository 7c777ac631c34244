"""`[tool.instar]` of `pyproject.toml`, or the whole of `instar.toml`.

Standard library and msgspec only: the editor plugin reads it for every keystroke.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import Any, Literal

import msgspec

from instar.errors import InstarError


class EnvironmentConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.instar.environments.NAME]`.

    Attributes:
        url: Where its database is: a SQLAlchemy URL, or `env:VARIABLE` to keep the password out of the file.
        required: Whether gates must hold here before a migration may go on.
        max_age: How old recorded state may be and still count, such as `"30m"` or `"24h"`; None for any age.
    """

    url: str | None = None
    required: bool = True
    max_age: str | None = None


class BaseConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[tool.instar.bases."package.module.Class"]`: what a third-party base class brings.

    Attributes:
        columns: Stored name to type text, as in `id = "Integer primary_key"`.
        tablename: `"snake"`, `"lower"` or `"plural"` (lower case and an s) where the base computes the table name from
            the class name.
        table: The table name that the base gives itself, which a class may override.
        model: Whether subclasses are mapped at all.
    """

    columns: dict[str, str] = msgspec.field(default_factory=dict)
    tablename: Literal["snake", "lower", "plural"] | None = None
    table: str | None = None
    model: bool = True


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """The configuration of a project. Every key has a default or is found; kebab-case and snake_case both work.

    Attributes:
        dialect: `"sqlalchemy"` or `"convex"`; found when absent.
        backend: The database in production, for a SQLAlchemy project.
        schema: Paths or globs of the files that declare the schema; found when absent.
        code: Paths of the application code that reads this schema; the whole project when absent.
        exclude: Paths that are neither, besides migration folders and virtual environments.
        alembic: The folder with `env.py` and `versions/`; found when absent.
        versions: Where snapshots and migrations are kept.
        state: Where the recorded state of the environments is kept.
        accessors: Where generated accessor modules go.
        default_branch: The branch whose merge-base is the default `--from`; found when absent.
        ddl: Whether a deploy runs its DDL before or after its code.
        sync: How two columns are kept in step: by database triggers or in the application.
        large_tables: Tables whose unindexed filters INS105 reports.
        environments: By name.
        tables: Which class counts where several map one table: table name to `path:Class` or qualified class.
        types: What expressions hold that the linter cannot infer: `"request.user" = "app.models.User"`.
        bases: Known third-party base classes, extending the built-in table.
    """

    dialect: Literal["sqlalchemy", "convex"] | None = None
    backend: Literal["sqlite", "postgresql", "mariadb"] | None = None
    schema: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    alembic: str | None = None
    versions: str = "instar/versions"
    state: str = "instar/environments"
    accessors: str | None = None
    default_branch: str | None = None
    ddl: Literal["before", "after"] = "before"
    sync: Literal["trigger", "app"] = "trigger"
    large_tables: tuple[str, ...] = ()
    environments: dict[str, EnvironmentConfig] = msgspec.field(default_factory=dict)
    tables: dict[str, str] = msgspec.field(default_factory=dict)
    types: dict[str, str] = msgspec.field(default_factory=dict)
    bases: dict[str, BaseConfig] = msgspec.field(default_factory=dict)


CONFIG_FILES = ("instar.toml", "pyproject.toml")


def parse_config(text: str, path: str) -> Config | None:
    """Read the configuration from the text of `pyproject.toml` or `instar.toml`.

    Args:
        text: The whole file.
        path: Its path, which tells the two formats apart and stands in errors.

    Returns:
        None where a `pyproject.toml` has no `[tool.instar]`.

    Raises:
        InstarError: The file is no TOML, a key is unknown, or a value has the wrong type.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise InstarError(
            f"this is not valid TOML: {error}", path=path, line=int(line[1]) if line else None
        ) from None
    section: Any = document
    if path.rsplit("/", 1)[-1] == "pyproject.toml":
        section = document.get("tool", {}).get("instar")
        if section is None:
            return None
    elif set(document) == {"tool"}:
        section = document["tool"].get("instar", {})
    section = {key.replace("_", "-"): value for key, value in section.items()}
    known = [field.encode_name for field in msgspec.structs.fields(Config)]
    for key in section:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(known)}."
            raise InstarError(
                f'unknown key "{key}" in [tool.instar]. {hint}', path=path, line=_line_of(text, key)
            )
    try:
        return msgspec.convert(section, Config)
    except msgspec.ValidationError as error:
        raise InstarError(f"[tool.instar] is not valid: {error}", path=path) from None


def _line_of(text: str, key: str) -> int | None:
    """The first line that assigns `key`, in either spelling, after the start of our section."""
    spelled = re.compile(rf"\s*\[?[\w.]*\"?{re.escape(key)}\"?".replace("\\-", "[-_]") + r"[\w.\"-]*\s*[\]=]")
    return next((n for n, line in enumerate(text.splitlines(), 1) if spelled.match(line)), None)
