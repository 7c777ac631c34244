"""`instar scaffold`: type a change; the models are edited and its first deploy is generated in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from instar.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from instar.cli.project import Project
    from instar.schema.model import Schema, Table
    from instar.schema.renames import Rename

F = TypeVar("F", bound="Callable[..., Any]")


@click.group(name="scaffold")
def command() -> None:
    """Type a change instead of writing it: edits the models and generates the first deploy.

    \b
    Examples:
      instar scaffold add-field users.avatar_url str --required --compute app/avatars.py:avatar_url
      instar scaffold rename users.user_name display_name --dry-run
      instar scaffold add-index posts status published_at
    """


def _shared(command: F) -> F:
    """The options of every change: where, under which name, and whether anything is written."""
    for option in (
        options.output_format,
        options.dry_run,
        click.option(
            "--head", metavar="REVISION", help="The Alembic head to follow, where there are several."
        ),
        click.option(
            "--migration", "name", metavar="NAME", help="The migration's name.  [default: from the change]"
        ),
        options.project,
    ):
        command = option(command)
    return command


def _beside(command: F) -> F:
    """The options of a change that puts a new column beside the old one; read by `_order`."""
    return options.sync(options.code_first(command))


def _order(rest: dict[str, Any]) -> dict[str, Any]:
    return {"sync": rest["sync"], "code_first": rest["code_first"]}


@command.command("add-field")
@click.argument("field")
@click.argument("type_", metavar="TYPE")
@click.option("--required", is_flag=True, help="No row may lack it.")
@click.option("--default", metavar="VALUE", help="A constant for existing and new rows.")
@click.option("--fill", metavar="SQL", help="The value of existing rows.")
@click.option("--compute", metavar="PATH:FUNCTION", help="A function that gives the value of existing rows.")
@_shared
def add_field(
    *,
    field: str,
    type_: str,
    required: bool,
    default: str | None,
    fill: str | None,
    compute: str | None,
    **rest: Any,  # noqa: ANN401 - click's values of the shared options
) -> int:
    """Add a field.

    \b
    Example:
      instar scaffold add-field users.avatar_url "str(200)" --required --compute app/avatars.py:avatar_url
    """
    from instar.cli.scaffolding import located, typed, with_new_field

    project, now = _open(rest)
    table, name = located(now, field)
    import msgspec

    made = msgspec.structs.replace(typed(type_)[1], name=name, optional=not required)
    said = {
        "defaults": (f"{field}={default}",) if default is not None else (),
        "fills": (f"{field}={fill}",) if fill is not None else (),
        "computes": (f"{field}={compute}",) if compute is not None else (),
    }
    return _finish(project, now, table, with_new_field(table, made), rest, said=said)


@command.command("rename")
@click.argument("field")
@click.argument("new")
@click.option("--keep-column", is_flag=True, help="Rename in code alone; the column keeps its name.")
@_beside
@_shared
def rename(*, field: str, new: str, keep_column: bool, **rest: Any) -> int:  # noqa: ANN401 - click's values
    """Rename a field.

    \b
    Example:
      instar scaffold rename users.user_name display_name
    """
    from instar.cli.scaffolding import known_field, located, with_renamed_field
    from instar.schema.renames import Rename

    project, now = _open(rest)
    table, name = located(now, field)
    old = known_field(table, name)
    told = Rename(table=table.name, namespace=table.namespace, old=old.name, new=new)
    said = {"keep_columns": ("*",) if keep_column else (), **_order(rest)}
    return _finish(project, now, table, with_renamed_field(table, old, new), rest, said=said, renames=(told,))


@command.command("remove-field")
@click.argument("field")
@_shared
def remove_field(*, field: str, **rest: Any) -> int:  # noqa: ANN401 - click's values
    """Remove a field.

    \b
    Example:
      instar scaffold remove-field posts.legacy_field --dry-run
    """
    from instar.cli.scaffolding import known_field, located, without_field

    project, now = _open(rest)
    table, name = located(now, field)
    return _finish(project, now, table, without_field(table, known_field(table, name)), rest)


@command.command("change-type")
@click.argument("field")
@click.argument("type_", metavar="TYPE")
@click.option(
    "--convert", metavar="HOW", help='Old to new values: "low=1,high=2,*=0", or "up: SQL; down: SQL".'
)
@_beside
@_shared
def change_type(*, field: str, type_: str, convert: str | None, **rest: Any) -> int:  # noqa: ANN401 - click's values
    """Change the type of a field.

    \b
    Example:
      instar scaffold change-type tasks.priority int --convert "low=1,medium=2,high=3,*=2"
    """
    from instar.cli.scaffolding import known_field, located, typed, with_changed_field

    project, now = _open(rest)
    table, name = located(now, field)
    old = known_field(table, name)
    spelling, new = typed(type_)
    after = with_changed_field(table, old.name, type=new.type, spelling=spelling)
    said = {"conversions": (f"{field}={convert}",) if convert is not None else (), **_order(rest)}
    return _finish(project, now, table, after, rest, said=said)


@command.command("add-index")
@click.argument("table")
@click.argument("fields", nargs=-1, required=True)
@click.option("--index-name", metavar="NAME", help="Its name.  [default: ix_table_fields]")
@click.option("--unique", is_flag=True, help="No two rows may be equal in these fields.")
@_shared
def add_index(
    *,
    table: str,
    fields: tuple[str, ...],
    index_name: str | None,
    unique: bool,
    **rest: Any,  # noqa: ANN401 - click's values of the shared options
) -> int:
    """Add an index over fields, in order.

    \b
    Example:
      instar scaffold add-index posts status published_at --index-name by_status_and_published
    """
    from instar.cli.scaffolding import located, with_new_index

    project, now = _open(rest)
    found, _ = located(now, f"{table}.{fields[0]}")
    return _finish(project, now, found, with_new_index(found, index_name, fields, unique=unique), rest)


def _open(rest: dict[str, Any]) -> tuple[Project, Schema]:
    """The project, and the schema that its models declare now."""
    from instar.cli.project import Project

    project = Project.open(rest["repo"], dialect=rest["dialect"], schema=rest["schema"])
    return project, project.version("WORKTREE").schema


def _finish(
    project: Project,
    now: Schema,
    before: Table,
    after: Table,
    rest: dict[str, Any],
    *,
    said: dict[str, Any] | None = None,
    renames: Sequence[Rename] = (),
) -> int:
    """Plan the change, and write or show its first deploy."""
    from instar.cli.generating import choices, finish, produce
    from instar.cli.planning import Said
    from instar.cli.scaffolding import plan_of

    migration = plan_of(
        project, Said(name=rest["name"], **(said or {})), now, before=before, after=after, renames=renames
    )
    may = choices(project, migration, head=rest["head"], force=False, adopt=False)
    made = produce(project, migration, base=None, said=may)
    finish(project, made, dry_run=rest["dry_run"], output_format=rest["output_format"])
    return 0
