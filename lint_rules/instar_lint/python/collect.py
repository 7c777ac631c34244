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
    from instar_lint.python.cache import FactsCache
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
    prefilter = Prefilter(knowledge.hot(watch), knowledge.dynamic(watch))
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
    from instar.dialects.sqlalchemy.reading.cache import cache_file  # noqa: PLC0415 - whole projects only
    from instar_lint.python.cache import FactsCache  # noqa: PLC0415

    blobs = {file.path: file.blob for file in source.files((".py",))}
    wanted = list(paths) if paths is not None else list(blobs)
    location = cache_file()
    cache = FactsCache(knowledge, watch, blobs, location.parent if location is not None else None)
    collecting = _Collecting(source, knowledge, watch, cache)
    for start in range(0, len(wanted), _BATCH):
        with _uncollected():
            batch = list(collecting.facts(wanted[start : start + _BATCH]))
        yield from batch
    cache.save()


class _Collecting:
    """The walk over a project's files: facts from the cache where nothing changed, else from the text."""

    def __init__(self, source: Source, knowledge: Knowledge, watch: Watch, cache: FactsCache) -> None:
        self._source = source
        self._knowledge = knowledge
        self._watch = watch
        self._cache = cache
        self._prefilter = Prefilter(knowledge.hot(watch), knowledge.dynamic(watch))

    def facts(self, paths: list[str]) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        """(path, facts) of the files that have any."""
        known = {path: facts for path in paths if (facts := self._cache.get(path)) is not None}
        read = self._source.read_many(path for path in paths if path not in known)
        for path in sorted(paths):
            facts = known.get(path)
            if facts is None and path in read:
                facts = self._fresh(read[path], path)
            if facts:
                yield path, facts

    def _fresh(self, data: bytes, path: str) -> tuple[Fact, ...]:
        if not self._prefilter.matches(data):
            self._cache.put(path, ())
            return ()
        with self._knowledge.memory.traced() as consulted:
            facts = facts_of(decoded(data), path, self._knowledge, self._watch)
        self._cache.put(path, facts, sorted(consulted, key=lambda part: (part.kind, part.name)))
        return facts


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
