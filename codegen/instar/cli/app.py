"""The command group: finds each verb in its own file, and turns what goes wrong into one line and an exit code."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import click

from instar.errors import InstarError

VERBS = Path(__file__).parent / "verbs"


class Verbs(click.Group):
    """Loads `instar.cli.verbs.<verb>` only when it is called, so that no verb pays for another's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every verb that has a file."""
        return sorted(path.stem.replace("_", "-") for path in VERBS.glob("*.py") if path.stem != "__init__")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command object of one verb; a file defines it under the name `command`."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"instar.cli.verbs.{cmd_name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="instar")
def instar() -> None:
    """Carry a running application from one schema to the next.

    instar compares two versions of a schema, works out the deploys that the change really needs, writes the code
    of each, runs the backfills, and lints the application against what is deployed.

    Start with: instar init
    """


def main() -> None:
    """Run the command line: exit 0 or 1 by the verb, 2 for bad input, 3 for a defect of ours."""
    try:
        code = instar.main(prog_name="instar", standalone_mode=False)
        sys.exit(code if isinstance(code, int) else 0)
    except InstarError as error:
        click.echo(f"instar: {' '.join(str(error).splitlines())}", err=True)
        sys.exit(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        hint = (
            f" See: {error.ctx.command_path} --help"
            if isinstance(error, click.UsageError) and error.ctx
            else ""
        )
        click.echo(f"instar: {error.format_message()}{hint}", err=True)
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("instar: stopped.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last resort: a defect is reported, never a bare traceback
        if os.environ.get("INSTAR_TRACEBACK"):
            import traceback

            traceback.print_exc()
        click.echo(
            f"instar: internal error: {type(error).__name__}: {error}. "
            "Please report it with the output of the same command under INSTAR_TRACEBACK=1.",
            err=True,
        )
        sys.exit(3)
