"""`instar run`: work on the backfills of a migration, in a database."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from instar.cli import backfills, options
from instar.cli.output import counted, notable, print_json, say, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instar.backfill.options import Options
    from instar.backfill.runner import Outcome
    from instar.backfill.verification import Verification
    from instar.cli.progress_lines import Style
    from instar.schema.operations import BackfillWork

_COUNT = click.IntRange(min=1)


def _share(_ctx: click.Context, _param: click.Parameter, text: str) -> float:
    """A share such as `50%` or `0.5`, above 0 and up to 1."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise click.BadParameter(f"{text} is no share of the time; write 50% or 0.5.")
    return share


def pacing(command: Callable[..., Any]) -> Callable[..., Any]:
    """How fast to go, and what to wait for."""
    for option in reversed(
        (
            click.option(
                "--workers", type=_COUNT, default=1, show_default=True, help="Workers on this machine."
            ),
            click.option(
                "--join", is_flag=True, help="Help where it runs already; N machines share the work."
            ),
            click.option("--executor", metavar="dask://HOST:PORT", help="Run the workers on a Dask cluster."),
            click.option(
                "--batch-ms",
                type=_COUNT,
                default=50,
                show_default=True,
                help="How long a batch should take, in milliseconds.",
            ),
            click.option(
                "--batch-rows",
                type=_COUNT,
                default=100_000,
                show_default=True,
                help="Most rows in a batch.",
            ),
            click.option(
                "--lease",
                type=click.FloatRange(min=1),
                default=30.0,
                show_default=True,
                help="Seconds after which a silent worker is given up.",
            ),
            click.option(
                "--durable-batches",
                is_flag=True,
                help="Every batch's commit waits for the disk, not only the last one's.",
            ),
            click.option(
                "--max-load",
                callback=_share,
                metavar="SHARE",
                default="100%",
                show_default=True,
                help="Most of the time to spend in batches.",
            ),
            click.option(
                "--max-lag", metavar="LAG", help="Wait while replicas lag more: 10s, or 16MB (PostgreSQL)."
            ),
            click.option(
                "--replica", "replicas", multiple=True, metavar="URL", help="A replica to ask; repeatable."
            ),
            click.option(
                "--max-blocked", type=click.IntRange(min=0), help="Wait while more sessions wait for a lock."
            ),
            click.option("--throttle-query", metavar="SQL", help="Wait while this gives a number above 0."),
        )
    ):
        command = option(command)
    return command


@click.command(name="run")
@click.argument("migration", required=False)
@backfills.database
@click.option(
    "--work",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A backfill as JSON instead of a migration, so that no repository is needed; repeatable.",
)
@click.option("--only", metavar="TABLE.FIELD", help="Only this backfill of the migration.")
@click.option("--deploy", type=int, help="Those of this deploy.  [default: the first that has some left]")
@click.option("--limit", type=click.IntRange(min=1), help="Stop after about so many rewritten rows.")
@click.option(
    "--on-error",
    type=click.Choice(["stop", "skip"]),
    default="stop",
    show_default=True,
    help="What to do with a row that cannot be rewritten; skipped ones are stored and shown.",
)
@click.option("--sweep", is_flag=True, help="Walk over a completed one again, for rows that came in since.")
@click.option("--restart", is_flag=True, help="Forget how far it got; rows that are done stay done.")
@pacing
@options.dry_run
@click.option(
    "--progress",
    "style",
    type=click.Choice(["auto", "plain", "json", "none"]),
    default="auto",
    show_default=True,
    help="A bar on a terminal and lines elsewhere; lines; JSON lines on stdout; nothing.",
)
@options.output_format
def command(
    *,
    migration: str | None,
    repo: Path,
    environment: str | None,
    url: str | None,
    files: tuple[Path, ...],
    only: str | None,
    deploy: int | None,
    dry_run: bool,
    style: Style,
    output_format: str,
    **given: Any,  # noqa: ANN401 - one option of the runner each
) -> int:
    """Run the backfills of a migration: in batches, resumable, safe beside users and beside other workers.

    Ctrl-C and SIGTERM finish the batch under way; the same command resumes there.

    \b
    Examples:
      instar run display-names --env production
      instar run display-names --env production --workers 2 --max-lag 10s --max-load 50%
      instar run --url postgresql://app@db/app --work users_avatar_url.json --join
    """
    from instar.backfill import read_progress

    if not files and url is None:
        from instar.cli.convex_runs import convex_migration, print_commands

        found_convex = convex_migration(repo, migration)
        if found_convex is not None:
            return print_commands(
                found_convex, "backfill", environment=environment, deploy=deploy, output_format=output_format
            )
    target = backfills.database_url(repo, environment, url)
    root = repo
    stricter: dict[str, BackfillWork] = {}
    if files:
        works = backfills.read_works(files)
    else:
        project, found = backfills.find_migration(repo, migration)
        root = project.root
        known = read_progress(target)
        works = backfills.works_to_run(
            project, found, known, environment=environment, deploy=deploy, sweep=given["sweep"]
        )
        done = {one.name: one for one in known if one.status == "completed"} if not given["sweep"] else {}
        for work in works:
            if work.name in done and output_format == "text":
                say(f"{backfills.title(work.name)}: done before, {counted(done[work.name].processed, 'row')}")
        works = tuple(work for work in works if work.name not in done)
        stricter = backfills.stricter_checks(found, works)
    if only is not None:
        works = _named(works, only)
    runner_options = _options(root, given)
    if dry_run:
        return _dry_run(works, target, runner_options, output_format)
    return _run(works, target, runner_options, stricter=stricter, style=style, output_format=output_format)


def _options(root: Path, given: dict[str, Any]) -> Options:
    from instar.backfill import Options

    target, rows = given.pop("batch_ms") / 1000, given.pop("batch_rows")
    return Options(root=root, target=target, batch=rows, **given)


def _named(works: tuple[BackfillWork, ...], name: str) -> tuple[BackfillWork, ...]:
    found = tuple(work for work in works if name in {work.name, backfills.title(work.name)})
    if not found:
        listed = ", ".join(backfills.title(work.name) for work in works) or "none"
        raise click.UsageError(f"there is no backfill {name} to run now. There are: {listed}.")
    return found


def _run(
    works: tuple[BackfillWork, ...],
    url: str,
    runner_options: Options,
    *,
    stricter: dict[str, BackfillWork],
    style: Style,
    output_format: str,
) -> int:
    from instar.backfill import left_over, run
    from instar.cli.progress_lines import shown

    outcomes: list[Outcome] = []
    without: list[Verification] = []
    with _stoppable() as (stop, signals):
        for work in works:
            if stop.is_set():
                break
            with shown(style) as show:
                outcome = run(work, url, options=runner_options, listener=show, stop=stop)
            outcomes.append(outcome)
            if output_format == "text":
                _tell(outcome, warn if style == "json" else say)
            if outcome.status != "completed":
                break
            if outcome.name in stricter:
                found = left_over(stricter[outcome.name], url, options=runner_options)
                without += [found] if found.left else []
                if found.left and output_format == "text":
                    _tell_without(found)
    if output_format == "json":
        keys = {one.name: one for one in without}
        print_json({"backfills": [_document(outcome, keys.get(outcome.name)) for outcome in outcomes]})
    if signals:
        return 128 + signals[0]
    return 1 if without or any(_is_short(outcome) for outcome in outcomes) else 0


def _is_short(outcome: Outcome) -> bool:
    """Whether it walked over the whole table, again and again, and rows are left all the same."""
    return outcome.status == "paused" and bool(outcome.left)


@contextmanager
def _stoppable() -> Iterator[tuple[threading.Event, list[int]]]:
    """Turn Ctrl-C and SIGTERM into a wish to stop; a second one stops at once, which is as safe."""
    stop, signals = threading.Event(), list[int]()

    def handle(number: int, _frame: object) -> None:
        if signals:
            raise KeyboardInterrupt
        signals.append(number)
        stop.set()
        warn("finishing the batch …")

    previous = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop, signals
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _tell(outcome: Outcome, say: Callable[[str], None]) -> None:
    """Say how a run ended."""
    from instar.backfill.keyset import show_key

    name, rows = backfills.title(outcome.name), counted(outcome.processed, "row")
    if outcome.status == "completed":
        say(f"{name}: {rows} rewritten, {outcome.left:,} left, {outcome.seconds:.1f} s")
    elif _is_short(outcome):
        warn(
            f"{name}: {rows} rewritten, and {outcome.left:,} left after several passes: something still writes "
            "rows that match the guard. Ship the code that fills the new field everywhere, then run the same "
            "command again."
        )
    elif outcome.status == "running":
        say(f"{name}: {rows} rewritten so far; others go on with it")
    elif outcome.status == "cancelled":
        say(f"{name}: cancelled after {rows}")
    else:
        at = f"checkpoint at key {show_key(outcome.checkpoint)}" if outcome.checkpoint else "nothing begun"
        say(f"{name}: {rows} rewritten, {at}. Resume with the same command.")
    if outcome.skipped:
        warn(notable(f"{counted(len(outcome.skipped), 'row')} of {name} could not be rewritten:"))
        for skipped in outcome.skipped[:10]:
            warn(f"  key {show_key(skipped.key)}: {skipped.reason}")
        if len(outcome.skipped) > 10:
            warn("  … instar verify lists all of them")


def _tell_without(found: Verification) -> None:
    """Name the rows that no new value was found for, which stop the migration."""
    from instar.backfill.keyset import show_key

    keys = "; ".join(show_key(key) for key in found.left_keys) + (
        "; …" if found.left > len(found.left_keys) else ""
    )
    warn(
        f"{backfills.title(found.name)}: the conversion takes no value of {counted(found.left, 'row')} (key {keys}). "
        "They stay as they are, and advance waits: correct their old values; the new ones follow."
    )


def _document(outcome: Outcome, without: Verification | None) -> dict[str, Any]:
    from instar.backfill.keyset import show_key

    return {
        "name": outcome.name,
        "status": outcome.status,
        "processed": outcome.processed,
        "left": without.left if without else outcome.left,
        "left_keys": [show_key(key) for key in without.left_keys] if without else [],
        "skipped": [{"key": show_key(row.key), "reason": row.reason} for row in outcome.skipped],
        "checkpoint": show_key(outcome.checkpoint) if outcome.checkpoint else None,
        "seconds": round(outcome.seconds, 3),
    }


def _dry_run(works: tuple[BackfillWork, ...], url: str, runner_options: Options, output_format: str) -> int:
    from instar.backfill import dry_run
    from instar.backfill.keyset import show_key

    documents = []
    for work in works:
        trial = dry_run(work, url, options=runner_options)
        if output_format == "text":
            say(
                f"{backfills.title(work.name)}: the first batch would rewrite {counted(trial.rewritten, 'row')}"
            )
            for row in trial.samples:
                reads = "".join(f"  {name}={value!r}" for name, value in row.reads.items())
                say(f"  {show_key(row.key)}: {row.before!r} → {row.after!r}{reads}")
        rows = [
            {"key": show_key(row.key), "before": row.before, "after": row.after, "reads": row.reads}
            for row in trial.samples
        ]
        documents.append({"name": work.name, "rewritten": trial.rewritten, "rows": rows})
    if output_format == "json":
        print_json({"backfills": documents})
    else:
        say("Rolled back; nothing was written.")
    return 0
