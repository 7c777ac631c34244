"""The doors of the frontend: the facts of one file, and of a whole project."""

from __future__ import annotations

import gc
import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from instar_lint.python.parsing import decoded, parse
from instar_lint.python.report import Report
from instar_lint.python.walk import run_module
from instar_lint.uncollected import uncollected

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator

    from instar.sources import Source
    from instar_lint.facts import Fact
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.watch import Watch

_BATCH = 500
_TREES = 3_000_000
_TREES_UNDER_COLLECTION = 300_000  # in flake8's process each garbage collection goes through all that is kept


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
    prefilter = knowledge.prefilter(watch)
    if not prefilter.matches(text.encode("utf-8", "surrogateescape")):
        return ()
    knowledge.modules.trim(_TREES_UNDER_COLLECTION if gc.isenabled() else _TREES)
    with uncollected():
        lines = prefilter.lines(text)
        module = knowledge.modules.put(path, text, tree)
        statements = module.statements(lines.between) if module is not None else None
        if statements is None and (newer := _newer(text)) is not None:
            module = knowledge.modules.put(path, text, newer)
            statements = newer.body
        if module is None or statements is None:
            return ()
        if "revision" in module.assigned and "down_revision" in module.assigned:
            return ()  # an Alembic revision speaks of the tables of its own time
        report = Report(path, text, knowledge, watch)
        with suppress(
            RecursionError
        ):  # nested deeper than the interpreter walks: what was found so far counts
            run_module(knowledge, module, statements, report, lines)
        return report.facts()


def collect(
    source: Source, knowledge: Knowledge, watch: Watch, paths: Iterable[str] | None = None, place: str = ""
) -> Iterator[tuple[str, tuple[Fact, ...]]]:
    """The facts of a project, file by file: (path, facts) of every file that has any.

    Args:
        source: The version of the project to read.
        knowledge: What is known of the same version.
        watch: What is in flight; files that mention none of it are not parsed.
        paths: The files to look at; every Python file when None.
        place: The folder of the project.
    """
    if not watch.idle:
        collected = Collected(source, knowledge, watch, place)
        yield from collected.facts(paths)
        collected.save()


class Collected:
    """The facts of a project's files: kept ones where nothing changed that they rest on, else from the text.

    Args:
        source: The version of the project to read.
        knowledge: What is known of the same version.
        watch: What is in flight.
        place: The folder of the project, so that projects do not take each other's place.
        writes: Whether to keep what is found; a worker process only looks.
    """

    def __init__(
        self, source: Source, knowledge: Knowledge, watch: Watch, place: str = "", *, writes: bool = True
    ) -> None:
        from instar_lint.contents import content_ids  # noqa: PLC0415 - not for a single file
        from instar_lint.python.cache import FactsCache  # noqa: PLC0415 - only where there is something to read
        from instar_lint.python.mentions import Mentions  # noqa: PLC0415 - only where there is something to read

        self._source = source
        self._knowledge = knowledge
        self._watch = watch
        self._writes = writes
        self._prefilter = knowledge.prefilter(watch)
        files = source.files((".py",))
        self._paths = [file.path for file in files]
        self._ids = content_ids(source, files, place, writes=writes)
        self._mentions = Mentions(source, self._ids, place)
        knowledge.modules.mentions = self._mentions
        self._cache = FactsCache(knowledge, watch, self._ids)

    def facts(self, paths: Iterable[str] | None = None) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        """(path, facts) of the files that have any, among some of them or all."""
        self._mentions.reads = self._writes
        wanted = sorted(paths) if paths is not None else self._paths
        for start in range(0, len(wanted), _BATCH):
            with uncollected():
                batch = list(self._of_files(wanted[start : start + _BATCH]))
            yield from batch

    def of_text(self, text: str, path: str, tree: ast.Module | None = None) -> tuple[Fact, ...]:
        """The facts of one file, whose content may not be saved yet; as `facts_of`."""
        from instar.sources.overlay import blob_id  # noqa: PLC0415 - loads what hashes, which takes a while

        data = text.encode("utf-8", "surrogateescape")
        if not self._prefilter.matches(data):
            return ()
        if self._ids.get(path) != blob_id(data):
            return facts_of(text, path, self._knowledge, self._watch, tree)
        known = self._cache.get(path)
        return known if known is not None else self._fresh(text, path, tree)

    def kept(self, path: str) -> tuple[Fact, ...] | None:
        """The facts of a file where they are kept, and nothing that they rest on has changed."""
        return self._cache.get(path)

    def refresh(self, paths: Iterable[str], seconds: float) -> None:
        """Work out what is not kept yet, for so much CPU time; a later call goes on from there."""
        until = time.process_time() + seconds
        if not self._mentions.extend(seconds):
            paths = ()  # what a file says may rest on who calls its functions
        for path in paths:
            if self.kept(path) is None:
                for _ in self._of_files([path]):
                    pass
                if time.process_time() >= until:
                    break
        self.save()

    def save(self) -> None:
        """Keep what was found, for the next run."""
        if self._writes:
            self._mentions.save()
            self._cache.save()

    def _of_files(self, paths: list[str]) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        known = {path: facts for path in paths if (facts := self._cache.get(path)) is not None}
        read = self._source.read_many(path for path in paths if path not in known)
        for path in paths:
            facts = known.get(path)
            if facts is None and path in read:
                if self._prefilter.matches(read[path]):
                    facts = self._fresh(decoded(read[path]), path)
                else:
                    self._cache.put(path, ())
            if facts:
                yield path, facts

    def _fresh(self, text: str, path: str, tree: ast.Module | None = None) -> tuple[Fact, ...]:
        with self._knowledge.memory.traced() as consulted:
            facts = facts_of(text, path, self._knowledge, self._watch, tree)
        self._cache.put(path, facts, consulted)
        return facts


_FORMATTED = re.compile(r"""\b(?:[fF][rR]?|[rR][fF])["']""")


def _newer(text: str) -> ast.Module | None:
    """The tree of a file whose f-strings this interpreter does not read; columns on their lines may be off."""
    if not _FORMATTED.search(text):
        return None  # what else may be wrong with it is not worth LibCST's time
    from instar.dialects.sqlalchemy.reading.backdate import backdate  # noqa: PLC0415 - LibCST is slow to import
    from instar.dialects.sqlalchemy.reading.older import too_deep  # noqa: PLC0415 - read by no other file here

    data = text.encode("utf-8", "replace")
    older = None if b"\0" in data or too_deep(data) else backdate(data)
    return parse(older) if older is not None else None
