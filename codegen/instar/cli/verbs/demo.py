"""`instar demo`: the main job on a small real application, step by step."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command(name="demo")
@click.argument("dialect", type=click.Choice(["sqlalchemy", "convex"]), default="sqlalchemy")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Leave the application in DIR.",
)
@click.option(
    "--run",
    "execute",
    is_flag=True,
    help="Convex: run the generated backfills, with Node.js and the packages of the project around this folder.",
)
def command(*, dialect: str, keep: Path | None, execute: bool) -> None:
    """Carry a small real application through a whole change: on an embedded SQLite database, or in Convex.

    Every command is shown as you would type it, with what it printed. It takes under a minute, and touches nothing
    outside a folder of its own. The Convex story needs no Node.js and no deployment; with --run its backfills run
    under convex-test.

    \b
    Examples:
      instar demo
      instar demo --keep publishing     # then look around in ./publishing
      instar demo convex
      instar demo convex --run
    """
    if execute and dialect != "convex":
        raise click.UsageError(
            "--run belongs to instar demo convex; the other story always runs its backfills."
        )
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise InstarError(f'the folder "{keep}" is not empty; name a new one with --keep.')
    tell = _story(dialect, execute=execute)
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="instar-demo-") as folder:
            tell(Path(folder))
        click.echo("\nThe folder is gone again; instar demo --keep DIR leaves it to you.")
        return
    keep.mkdir(parents=True, exist_ok=True)
    tell(keep.resolve())
    click.echo(f"\nThe application is in {keep}. Try: cd {keep} && instar status")


def _story(dialect: str, *, execute: bool) -> Callable[[Path], None]:
    if dialect == "sqlalchemy":
        from instar.cli.demo.story import tell

        return tell
    from instar.cli.demo.convex_deployment import Deployment
    from instar.cli.demo.convex_story import tell_convex

    deployment = Deployment.find(Path.cwd()) if execute else None
    return lambda folder: tell_convex(folder, deployment)
