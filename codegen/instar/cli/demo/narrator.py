"""How the story is told: chapters, sentences, typed commands and what they printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from instar.cli.demo.workspace import Workspace


class Narrator:
    """Prints the story of one workspace and runs its commands."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._chapters = 0

    def chapter(self, title: str) -> None:
        """Begin a part of the story."""
        self._chapters += 1
        click.echo()
        click.secho(f"{self._chapters}. {title}", bold=True)

    def say(self, text: str) -> None:
        """Tell something in a sentence."""
        click.echo(f"   {text}")

    def type(
        self,
        command: str,
        *,
        ends: Collection[int] = (0,),
        live: bool = False,
        cwd: Path | None = None,
        most: int = 60,
    ) -> str:
        """Show a command, run it, show what it printed.

        Args:
            command: As the user would type it.
            ends: The exit codes that the story expects.
            live: Let the command write to the terminal itself.
            cwd: Another folder than the workspace's.
            most: How many lines of output to show.

        Returns:
            What it printed; empty for a live command.

        Raises:
            InstarError: It ended otherwise than the story expects.
        """
        click.echo()
        click.secho(f"   $ {command}", fg="cyan")
        done = self._workspace.run(command, live=live, cwd=cwd)
        printed = done.stdout or ""
        lines = printed.rstrip().splitlines()
        for line in lines[:most]:
            click.echo(f"   {line}".rstrip())
        if len(lines) > most:
            click.echo(f"   … {len(lines) - most} more lines")
        if done.returncode not in ends:
            raise InstarError(
                f"the demo stops: {command!r} ended with {done.returncode}. "
                "Run the same with --keep DIR, and report what is in the folder."
            )
        return printed
