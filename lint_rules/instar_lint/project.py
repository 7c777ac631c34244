"""One version of a project, ready to be linted: what is deployed, what is known of the code, which files matter."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from instar.config import Config
from instar.dialects.sqlalchemy.reading.declaring import declares
from instar.ledger import ledger_of
from instar.schema.change import ConstraintChange, FieldChange, IndexChange
from instar.schema.diff import diff
from instar.schema.virtual import declared_after
from instar.sources import Source
from instar_lint.accessors import accessor_modules, typescript_accessors
from instar_lint.deployment import Deployment
from instar_lint.findings import Finding, in_order
from instar_lint.glance import Glance
from instar_lint.in_flight import Sides, in_flight, is_finished
from instar_lint.lint import lint_facts, lint_revision, lint_schema, names_in_flight, watch_of
from instar_lint.python.collect import Collected, facts_of
from instar_lint.python.knowledge import Knowledge
from instar_lint.python.modules import Modules
from instar_lint.python.templates import collect_templates
from instar_lint.readings import Readings
from instar_lint.revision_files import compute_functions, filled_by, new_revisions, new_typescript_migrations
from instar_lint.revisions import Revision, parse_again
from instar_lint.standings import applied_revisions, recorded
from instar_lint.uncollected import uncollected
from instar_lint.uses import counts
from instar_lint.versions import Labels, between, names_of, with_former_fields

if TYPE_CHECKING:
    import ast
    from collections.abc import Collection, Iterator, Sequence

    from instar.dialects.sqlalchemy.mapping import Models, Reading
    from instar.schema.change import Change
    from instar.schema.migration import Migration
    from instar.schema.model import Schema
    from instar.schema.renames import Rename
    from instar_lint.deployment import TableKey
    from instar_lint.facts import Fact
    from instar_lint.python.watch import Watch


class LintProject(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """Everything that linting any file of a version needs.

    Attributes:
        source: The version's files.
        config: The configuration of the project.
        deployment: What is deployed and what is in flight.
        knowledge: What is known of its code.
        revisions: Its revisions that are neither on the default branch nor applied anywhere, and the compute functions
            of unfinished migrations.
        read: The files that the declared schema came from.
        skipped: Files that are no application code: generated accessors.
        warnings: What the user should know besides: records that are too old to count.
        place: The folder of the project; None where facts of single files are not looked up among kept ones.
        writes: Whether to keep what is found in the code; a worker process only looks.
    """

    source: Source
    config: Config
    deployment: Deployment
    knowledge: Knowledge
    revisions: tuple[Revision, ...] = ()
    read: frozenset[str] = frozenset()
    skipped: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    place: str | None = None
    writes: bool = True

    def findings(self, paths: Collection[str] | None = None) -> tuple[Finding, ...]:
        """The findings of some files, or of all, in order; declarations and revisions are among them."""
        found: list[Finding] = []
        if not self.deployment.quiet:
            with uncollected():
                found += (f for f in self._of_schema if paths is None or f.place.path in paths)
                for facts in self._facts(paths):
                    found += lint_facts(facts, self.deployment)
        for revision in self.revisions:
            if paths is None or revision.path in paths:
                found += lint_revision(revision, self.deployment)
        return in_order(found)

    def findings_in(self, path: str, text: str, tree: ast.Module | None = None) -> tuple[Finding, ...]:
        """The findings of one Python file, whose content may not be saved yet, in order.

        Args:
            path: Relative to the root.
            text: Its content.
            tree: Its syntax tree, where there is one already; it is not changed.
        """
        found: list[Finding] = []
        if not self.deployment.quiet:
            found += (finding for finding in self._of_schema if finding.place.path == path)
            if self.counts(path) and not self._watch.idle:
                found += lint_facts(self._facts_in(path, text, tree), self.deployment)
        for known in self.revisions:
            revision = parse_again(known, text) if known.path == path else None
            found += lint_revision(revision, self.deployment) if revision else ()
        return in_order(found)

    def _facts_in(self, path: str, text: str, tree: ast.Module | None) -> tuple[Fact, ...]:
        if self.place is None:
            return facts_of(text, path, self.knowledge, self._watch, tree)
        return self._collected.of_text(text, path, tree)

    def refresh(self, seconds: float) -> None:
        """Work out what the code does where that is not kept yet, for so much CPU time, and keep it."""
        if (
            self.place is not None
            and self.deployment.declared.dialect == "sqlalchemy"
            and not self._watch.idle
        ):
            paths = (file.path for file in self.source.files((".py",)) if self.counts(file.path))
            self._collected.refresh(paths, seconds)

    def save(self) -> None:
        """Keep what was found in the code, for the next run."""
        if "_collected" in self.__dict__:
            self._collected.save()

    @cached_property
    def _collected(self) -> Collected:
        return Collected(self.source, self.knowledge, self._watch, self.place or "", writes=self.writes)

    @cached_property
    def _of_schema(self) -> tuple[Finding, ...]:
        return lint_schema(self.deployment)

    @cached_property
    def _watch(self) -> Watch:
        return watch_of(self.deployment)

    def depends_on(self, path: str, data: bytes) -> bool:
        """Whether the schema that is declared depends on the content of a file, or could with this content."""
        return path in self.read or (declares(data) and not self.deployment.quiet)

    def glance(self, top: str) -> Glance | None:
        """What tells which Python files have to be looked at; None where it changes with time, or cannot be told.

        Args:
            top: The folder that paths are relative to.
        """
        ages = any(environment.max_age for environment in self.config.environments.values())
        if self.deployment.declared.dialect != "sqlalchemy" or ages:
            return None
        flying = not self.deployment.quiet
        schema = self._of_schema if flying else ()
        asked = {finding.place.path for finding in schema} | {revision.path for revision in self.revisions}
        names = self.knowledge.hot_names(self._watch) if flying else ()
        return Glance(top, flying, tuple(names), self.read, frozenset(asked))

    def counts(self, path: str) -> bool:
        """Whether a file is application code that the facts rules speak of."""
        return counts(path, self.config) and path not in self.skipped

    def _facts(self, paths: Collection[str] | None) -> Iterator[tuple[Fact, ...]]:
        if self.deployment.declared.dialect == "convex":
            yield from self._typescript_facts(paths)
            return
        watch = self._watch
        wanted = [file.path for file in self.source.files((".py",))] if paths is None else sorted(paths)
        python = [path for path in wanted if path.endswith(".py") and self.counts(path)]
        if not watch.idle:
            for _, facts in self._collected.facts(python):
                yield facts
            self._collected.save()
        if paths is None or any(not path.endswith(".py") for path in paths):
            for path, facts in collect_templates(self.source, self.knowledge, watch):
                if paths is None or path in paths:
                    yield facts

    def _typescript_facts(self, paths: Collection[str] | None) -> Iterator[tuple[Fact, ...]]:
        from instar_lint.typescript.collect import collect as collect_typescript  # noqa: PLC0415 - loads its parser

        schemas = (self.deployment.declared, *(one.schema for one in self.deployment.environments))
        names = names_in_flight(self.deployment)
        for path, facts in collect_typescript(self.source, schemas, names, paths):
            if self.counts(path):
                yield facts


def between_versions(
    source: Source,
    before: Source,
    config: Config,
    labels: Labels,
    *,
    renames: Sequence[Rename] = (),
    readings: Readings | None = None,
) -> LintProject:
    """The code of `source` against the change of the schema from `before`.

    Args:
        source: The version whose code is linted.
        before: The version that counts as deployed.
        config: The configuration of the project.
        labels: How messages name the two.
        renames: Renames as they were told.
        readings: Where models are read; kept in the user's cache folder when None.

    Raises:
        InstarError: A version cannot be read, or a rename does not fit.
    """
    readings = readings or Readings(config)
    old, new = readings.of(before), readings.of(source)
    changes = diff(old.schema, new.schema, renames)
    revisions = _revisions(source, before, new.schema)
    deployment = between(old.schema, new.schema, changes, labels, names_of(old.models, new.models))
    deployment = msgspec.structs.replace(
        deployment,
        backend=config.backend,
        large_tables=config.large_tables,
        filled=_filled(revisions, new.schema),
    )
    return LintProject(
        source=source,
        config=config,
        deployment=deployment,
        knowledge=_knowledge(source, config, new, old.models),
        revisions=revisions,
        read=frozenset(new.files),
        place=readings.place,
        writes=readings.writes,
    )


def pending(
    source: Source,
    base: Source | None,
    config: Config,
    labels: Labels,
    *,
    environment: str | None = None,
    readings: Readings | None = None,
) -> LintProject:
    """The code of `source` against what is deployed: committed migrations and recorded environments.

    Args:
        source: The version whose code is linted.
        base: What counts as deployed where nothing is recorded: the merge-base with the default branch. None where
            there is no history: then only migrations say what is in flight.
        config: The configuration of the project.
        labels: How messages name the two.
        environment: The one environment that counts; all required ones when None.
        readings: Where models are read; kept in the user's cache folder when None.

    Raises:
        InstarError: A version, a migration or a record cannot be read, or the environment is not known.
    """
    readings = readings or Readings(config)
    new = readings.of(source)
    old = readings.of(base) if base is not None else new
    records = recorded(source, config, environment)
    standings = records.standings(old.schema, labels.before)
    migrations = ledger_of(source, config).migrations
    unfinished = tuple(m for m in migrations if not is_finished(m, standings))
    expected = _expected(unfinished, old.schema)
    revisions = _revisions(source, base, new.schema, applied_revisions(source, config))
    keys = {(change.namespace, change.table) for m in unfinished for change in m.changes}
    tables = sorted(keys, key=str)
    accessors = (
        typescript_accessors(source, config, tables)
        if new.schema.dialect == "convex"
        else accessor_modules(source, config, new.models, tables)
    )
    sides = Sides(
        declared=new.schema,
        label=labels.after,
        base=old.schema,
        base_label=labels.before,
        names=names_of(old.models, new.models),
        accessors=accessors,
    )
    deployment = msgspec.structs.replace(
        in_flight(sides, unfinished, standings, _unplanned(expected, new.schema, unfinished)),
        backend=config.backend,
        large_tables=config.large_tables,
        filled=_filled(revisions, new.schema),
        generated=frozenset(one for m in migrations for one in m.revisions.values()),
    )
    return LintProject(
        source=source,
        config=config,
        deployment=deployment,
        knowledge=_knowledge(source, config, new, with_former_fields(old.models, unfinished)),
        revisions=(*revisions, *compute_functions(source, unfinished)),
        read=frozenset(new.files),
        skipped=tuple(module.path for module in accessors.values()),
        warnings=records.outdated,
        place=readings.place,
        writes=readings.writes,
    )


def _revisions(
    source: Source, before: Source | None, schema: Schema, applied: Collection[str] = ()
) -> tuple[Revision, ...]:
    if schema.dialect == "convex":
        return new_typescript_migrations(source, before)
    return new_revisions(source, before, applied)


def _filled(revisions: Sequence[Revision], schema: Schema) -> frozenset[tuple[TableKey, str]]:
    """The fields that something fills before they are required: Convex checks its documents when the code arrives."""
    return frozenset() if schema.dialect == "convex" else filled_by(revisions, schema)


def _knowledge(source: Source, config: Config, new: Reading, before: Models) -> Knowledge:
    modules = Modules(source, [file.path for file in source.files((".py",))], dict(new.models.modules))
    return Knowledge(new.models, before=before, modules=modules, types=config.types, schema=new.schema)


def _expected(migrations: Sequence[Migration], base: Schema) -> Schema:
    """What the source declares by plan: the last unfinished migration's stage, or the base where there is none."""
    return declared_after(migrations[-1], migrations[-1].generated) if migrations else base


def _unplanned(expected: Schema, declared: Schema, migrations: Sequence[Migration]) -> tuple[Change, ...]:
    """The changes that no migration carries. What a migration was planned for and nobody generated yet is carried."""
    carried = {(c.kind, c.namespace, c.table, _subject(c)) for m in migrations for c in m.changes}
    changes = diff(expected, declared)
    return tuple(c for c in changes if (c.kind, c.namespace, c.table, _subject(c)) not in carried)


def _subject(change: Change) -> str | None:
    match change:
        case FieldChange():
            return change.field
        case IndexChange() | ConstraintChange():
            one = change.after or change.before
            return one.name if one else None
        case _:
            return None
