"""The doors of the frontend: the facts of one file, and of a whole project."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from instar_lint.python.hotness import Prefilter
from instar_lint.python.modules import parse
from instar_lint.python.report import Report
from instar_lint.python.walk import run_module

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator

    from instar.sources import Source
    from instar_lint.facts import Fact
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.watch import Watch

_BATCH = 500


def facts_of(
    text: str, path: str, knowledge: Knowledge, watch: Watch, tree: ast.Module | None = None
) -> tuple[Fact, ...]:
    """The facts of one Python file.

    Args:
        text: Its content.
        path: Its path relative to the repository root.
        knowledge: The project.
        watch: What is in flight; nothing else is reported.
        tree: Its syntax tree, where the caller has one already; it is not changed.

    Returns:
        Sorted by place; nothing for a file that does not parse.
    """
    if watch.idle:
        return ()
    prefilter = Prefilter(knowledge.hot(watch))
    if not prefilter.matches(text.encode("utf-8", "surrogateescape")):
        return ()
    tree = tree or parse(text)
    module = knowledge.modules.put(path, tree)
    if module is None:
        return ()
    report = Report(path, text, knowledge, watch)
    with suppress(RecursionError):  # nested deeper than the interpreter walks: what was found so far counts
        run_module(knowledge, module, report, prefilter.lines(text))
    return report.facts()


def collect(
    source: Source, knowledge: Knowledge, watch: Watch, paths: Iterable[str] | None = None
) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    """The facts of a project, file by file: (path, facts) of every file that has any.

    Args:
        source: The version of the project to read.
        knowledge: What is known of the same version.
        watch: What is in flight; files that mention none of it are not parsed.
        paths: The files to look at; every Python file when None.
    """
    if watch.idle:
        return
    wanted = list(paths) if paths is not None else [file.path for file in source.files((".py",))]
    prefilter = Prefilter(knowledge.hot(watch))
    for start in range(0, len(wanted), _BATCH):
        batch = source.read_many(wanted[start : start + _BATCH])
        hot = [path for path in sorted(batch) if prefilter.matches(batch[path])]
        for path in hot:
            with _uncollected():
                facts = facts_of(decoded(batch[path]), path, knowledge, watch)
            if facts:
                yield path, facts


@contextmanager
def _uncollected() -> Iterator[None]:
    """Syntax trees hold no cycles: searching them for some, again and again, costs more than parsing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def decoded(data: bytes) -> str:
    """The text of a Python file, by its declared encoding; undecodable bytes are kept as escapes."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    head = b"\n".join(data.split(b"\n", 2)[:2])
    declared = re.search(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", head, re.MULTILINE)
    try:
        return data.decode(declared[1].decode() if declared else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return data.decode("utf-8", "replace")
