"""Progress of a backfill on a terminal, in a log, or for a script."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TypeAlias

import click
import msgspec

from instar.cli.backfills import title
from instar.cli.output import encodable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from instar.backfill.progress import Progress

Style: TypeAlias = Literal["auto", "plain", "json", "none"]

_LINE_EVERY = 5.0


def describe(progress: Progress) -> str:
    """One line: how far, how fast, how long still."""
    share = progress.scanned / progress.total if progress.total else 1.0
    parts = [
        f"{title(progress.name)}  {share:.0%}".replace("%", " %"),
        f"{progress.scanned:,}/{progress.total:,}",
    ]
    if progress.rate:
        parts.append(f"{shorten(progress.rate)} rows/s")
    if progress.left_seconds is not None:
        parts.append(duration(progress.left_seconds))
    parts += _details(progress)
    return "  ".join(parts)


def shorten(number: float) -> str:
    """A number as it is said: `41 k`, `1.2 M`."""
    if number >= 1e6:
        return f"{number / 1e6:.1f} M"
    return f"{number / 1e3:.0f} k" if number >= 1e4 else f"{number:,.0f}"


def duration(seconds: float) -> str:
    """`0:00:11`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def _details(progress: Progress) -> list[str]:
    found = []
    if progress.sweep:
        found.append("sweep")
    if progress.batch and progress.batch_seconds:
        found.append(f"batch {progress.batch:,} · {progress.batch_seconds * 1000:.0f} ms")
    if progress.skipped:
        found.append(f"{progress.skipped:,} skipped")
    if progress.waiting:
        found.append(f"waits: {progress.waiting}")
    return found


@contextmanager
def shown(style: Style) -> Iterator[Callable[[Progress], None]]:
    """What to call with every progress: a bar, a line every few seconds, JSON lines on stdout, or nothing."""
    if style == "json":
        yield lambda progress: click.echo(msgspec.json.encode(progress))
    elif style == "none":
        yield lambda _: None
    elif style == "auto" and sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _lines()


def _lines() -> Callable[[Progress], None]:
    last = time.monotonic() - _LINE_EVERY + 1.0

    def show(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _LINE_EVERY:
            last = time.monotonic()
            click.echo(encodable(describe(progress), sys.stderr), err=True)

    return show


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn
    from rich.progress import Progress as Bar

    columns = ("{task.description}", "{task.fields[counts]}", "{task.fields[rest]}")
    name, counts, rest = (TextColumn(column, markup=False) for column in columns)
    with Bar(name, BarColumn(28), TaskProgressColumn(), counts, rest, console=Console(stderr=True)) as bar:
        tasks: dict[str, TaskID] = {}

        def show(progress: Progress) -> None:
            counts, rest = f"{progress.scanned:,}/{progress.total:,}", _rest(progress)
            if progress.name not in tasks:
                name = title(progress.name)
                tasks[progress.name] = bar.add_task(name, total=None, counts=counts, rest=rest)
            task, total = tasks[progress.name], progress.total or 1
            bar.update(task, total=total, completed=progress.scanned, counts=counts, rest=rest)

        yield show


def _rest(progress: Progress) -> str:
    parts = [f"{shorten(progress.rate)} rows/s"] if progress.rate else []
    if progress.left_seconds is not None:
        parts.append(duration(progress.left_seconds))
    return "  ".join([*parts, *_details(progress)])
