"""`instar demo`: the main job on a small real application, step by step."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from instar.errors import InstarError


@click.command(name="demo")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Leave the application in DIR.",
)
def command(*, keep: Path | None) -> None:
    """Carry a small real application through a whole change, on an embedded SQLite database.

    Every command is shown as you would type it, with what it printed. It takes under a minute, and touches nothing
    outside a folder of its own.

    \b
    Examples:
      instar demo
      instar demo --keep publishing     # then look around in ./publishing
    """  # noqa: D301 - \b is click's mark for text that keeps its lines
    from instar.cli.demo.story import tell  # noqa: PLC0415 - --help pays for nothing

    if keep is None:
        with tempfile.TemporaryDirectory(prefix="instar-demo-") as folder:
            tell(Path(folder))
        click.echo("\nThe folder is gone again; instar demo --keep DIR leaves it to you.")
        return
    if keep.exists() and any(keep.iterdir()):
        raise InstarError(f'the folder "{keep}" is not empty; name a new one with --keep.')
    keep.mkdir(parents=True, exist_ok=True)
    tell(keep.resolve())
    click.echo(f"\nThe application is in {keep}. Try: cd {keep} && instar status")
