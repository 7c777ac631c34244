"""One version of a project, ready to be linted: what is deployed, what is known of the code, which files matter."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import msgspec

from instar.schema.diff import diff
from instar.sources import Source
from instar_lint.deployment import Deployment
from instar_lint.findings import Finding, in_order
from instar_lint.lint import lint_facts, lint_revision, lint_schema, watch_of
from instar_lint.python.collect import collect, decoded
from instar_lint.python.knowledge import Knowledge
from instar_lint.revisions import Revision, parse_revision
from instar_lint.versions import Labels, Names, between

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from instar.config import Config
    from instar.dialects.sqlalchemy.mapping import Models
    from instar.schema.model import Schema
    from instar.schema.renames import Rename
    from instar_lint.deployment import TableKey
    from instar_lint.facts import Fact


class LintProject(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that linting any file of a version needs.

    Attributes:
        source: The version's files.
        deployment: What is deployed and what is in flight.
        knowledge: What is known of its code.
        revisions: Its revisions that are neither on the default branch nor applied anywhere.
        skipped: Folders whose files are no application code: generated accessors.
    """

    source: Source
    deployment: Deployment
    knowledge: Knowledge
    revisions: tuple[Revision, ...] = ()
    skipped: tuple[str, ...] = ()

    def findings(self, paths: Collection[str] | None = None) -> tuple[Finding, ...]:
        """The findings of some files, or of all, in order; declarations and revisions are among them."""
        found: list[Finding] = []
        if not self.deployment.quiet:
            found += (f for f in lint_schema(self.deployment) if paths is None or f.place.path in paths)
            for _, facts in self._facts(paths):
                found += lint_facts(facts, self.deployment)
        for revision in self.revisions:
            if paths is None or revision.path in paths:
                found += lint_revision(revision, self.deployment)
        return in_order(found)

    def _facts(self, paths: Collection[str] | None) -> Iterator[tuple[str, tuple[Fact, ...]]]:
        wanted = [file.path for file in self.source.files((".py",))] if paths is None else sorted(paths)
        python = [
            path for path in wanted if path.endswith(".py") and not path.startswith(self.skipped or "\0")
        ]
        return collect(self.source, self.knowledge, watch_of(self.deployment), python)


def between_versions(
    source: Source, before: Source, config: Config, labels: Labels, renames: Sequence[Rename] = ()
) -> LintProject:
    """The code of `source` against the change of the schema from `before`.

    Args:
        source: The version whose code is linted.
        before: The version that counts as deployed.
        config: The configuration of the project.
        labels: How messages name the two.
        renames: Renames as they were told.

    Raises:
        InstarError: A version cannot be read, or a rename does not fit.
    """
    read_models = importlib.import_module("instar.dialects.sqlalchemy.reader").read_models
    old, new = read_models(before, config), read_models(source, config)
    changes = diff(old.schema, new.schema, renames)
    revisions = new_revisions(source, before)
    deployment = between(old.schema, new.schema, changes, labels, names_of(old.models, new.models))
    deployment = msgspec.structs.replace(
        deployment,
        backend=config.backend,
        large_tables=config.large_tables,
        filled=filled_by(revisions, new.schema),
    )
    return LintProject(
        source=source,
        deployment=deployment,
        knowledge=Knowledge.of(source, config, before=before),
        revisions=revisions,
    )


def names_of(before: Models, after: Models) -> Names:
    """What code calls the stored fields of two versions."""
    attributes: dict[TableKey, dict[str, frozenset[str]]] = {}
    surviving: dict[TableKey, frozenset[str]] = {}
    for mapped in before.classes:
        for attribute in mapped.attributes:
            if mapped.table is None or attribute.kind != "column" or attribute.column is None:
                continue
            key = (mapped.namespace, attribute.table or mapped.table)
            names = attributes.setdefault(key, {})
            names[attribute.column] = names.get(attribute.column, frozenset()) | {attribute.name}
    for mapped in after.classes:
        if mapped.table is not None:
            key = (mapped.namespace, mapped.table)
            names_here = frozenset(attribute.name for attribute in mapped.attributes)
            surviving[key] = surviving.get(key, frozenset()) | names_here
    return Names(attributes=attributes, surviving=surviving)


def new_revisions(
    source: Source, before: Source | None, applied: Collection[str] = ()
) -> tuple[Revision, ...]:
    """The Alembic revisions of a version that the one before does not have and that are applied nowhere."""
    if before is None:
        return ()
    known = {file.path for file in before.files((".py",))}
    added = [file.path for file in source.files((".py",)) if file.path not in known]
    files = source.read_many(added)
    read = (
        parse_revision(decoded(files[path]), path)
        for path in sorted(files)
        if b"down_revision" in files[path]
    )
    return tuple(revision for revision in read if revision and revision.identifier not in applied)


def filled_by(revisions: Sequence[Revision], schema: Schema) -> frozenset[tuple[TableKey, str]]:
    """The fields of a schema that some revision fills itself."""
    return frozenset(
        (table.key, field.name)
        for table in schema.tables
        for field in table.fields
        if any(revision.fills(table.name, field.name) for revision in revisions)
    )
