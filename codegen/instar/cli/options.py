"""The options that verbs share, each spelled and explained once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

_VERSION = "a git ref, WORKTREE, a snapshot file, or db:ENV for a live database"

repo = click.option(
    "--repo",
    type=click.Path(path_type=Path),
    default=".",
    metavar="DIR",
    help="The project: a git repository, normal or bare, or a plain folder.  [default: here]",
)
dialect = click.option(
    "--dialect",
    type=click.Choice(["sqlalchemy", "convex"]),
    help="How the schema is declared.  [default: found]",
)
schema = click.option(
    "--schema",
    "schema",
    multiple=True,
    metavar="PATH",
    help="A file or glob that declares the schema; repeatable.  [default: found]",
)
from_version = click.option(
    "--from",
    "from_version",
    metavar="VERSION",
    help=f"The old version: {_VERSION}.  [default: the merge-base with the default branch]",
)
to_version = click.option(
    "--to",
    "to_version",
    metavar="VERSION",
    default="WORKTREE",
    show_default=True,
    help="The new version, likewise.",
)
ref = click.option(
    "--ref", metavar="VERSION", default="WORKTREE", show_default=True, help=f"The version: {_VERSION}."
)
environment = click.option("--env", "environment", metavar="NAME", help="The environment, as configured.")
sync = click.option(
    "--sync",
    type=click.Choice(["trigger", "app"]),
    help="How two columns are kept in step.  [default: as configured]",
)
code_first = click.option(
    "--code-first", is_flag=True, help="Ship code that reads `new, else old` before the backfill."
)
output_format = click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or for scripts.",
)
renames = click.option(
    "--rename",
    "renames",
    multiple=True,
    metavar="OLD=NEW",
    help="What is a rename: users.user_name=display_name, or users=accounts for a table; repeatable.",
)
exit_code = click.option("--exit-code", is_flag=True, help="End with 1 when there is something.")
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")


def project(command: F) -> F:
    """Where the project is and how its schema is found: `repo`, `dialect`, `schema`."""
    return repo(dialect(schema(command)))


def versions(command: F) -> F:
    """The two versions to compare: `from_version`, `to_version`."""
    return from_version(to_version(command))
