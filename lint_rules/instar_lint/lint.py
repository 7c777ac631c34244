"""Facts and a deployment to findings: the pure middle of the linter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint import rules
from instar_lint.findings import in_order
from instar_lint.python.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from instar_lint.coverage import AccessPath
    from instar_lint.deployment import Deployment, TableKey
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding
    from instar_lint.revisions import Revision


def watch_of(deployment: Deployment) -> Watch:
    """What the rules need to be told about the code: the fields in flight, and tables whose indexes differ."""
    fields = {
        (one.namespace, one.table, field.name)
        for one in deployment.fields
        for field in (one.field, one.successor)
        if field is not None
    }
    tables = {table.key for table in deployment.declared.tables if _indexes_differ(deployment, table.key)}
    columns = {(*key, path.fields[0]) for key in tables for path in _paths_that_differ(deployment, key)}
    return Watch(fields=frozenset(fields), tables=frozenset(tables), columns=frozenset(columns))


def names_in_flight(deployment: Deployment) -> frozenset[str]:
    """The names that code in flight can use: of fields, of both sides of a pair, of indexes that differ somewhere."""
    fields = {
        field.name for one in deployment.fields for field in (one.field, one.successor) if field is not None
    }
    deployed = {
        (table.key, index.name, index.fields)
        for environment in deployment.environments
        for table in environment.schema.tables
        for index in table.indexes
        if not index.staged
    }
    declared = {
        (table.key, index.name, index.fields)
        for table in deployment.declared.tables
        for index in table.indexes
        if not index.staged
    }
    tables = {table.name for table in deployment.declared.tables if deployment.new_fields(table.key)}
    return frozenset(fields | tables | {name for _, name, _ in deployed ^ declared if name is not None})


def _indexes_differ(deployment: Deployment, key: TableKey) -> bool:
    return key[1] in deployment.large_tables or any(_paths_that_differ(deployment, key))


def _paths_that_differ(deployment: Deployment, key: TableKey) -> Iterator[AccessPath]:
    for environment in deployment.environments:
        yield from deployment.undeployed_paths(environment, key)
        yield from deployment.leaving_paths(environment, key)


def lint_facts(facts: Sequence[Fact], deployment: Deployment) -> tuple[Finding, ...]:
    """The findings in the facts of one file, in order.

    Args:
        facts: What the file does, in the order in which it stands there.
        deployment: What is deployed and what is in flight.
    """
    if not facts or deployment.quiet:
        return ()
    return in_order([finding for check in rules.fact_checks() for finding in check(facts, deployment)])


def lint_schema(deployment: Deployment) -> tuple[Finding, ...]:
    """The findings at declarations, in order: what the change of the schema itself gets wrong."""
    if deployment.quiet:
        return ()
    return in_order([finding for check in rules.schema_checks() for finding in check(deployment)])


def lint_revision(revision: Revision, deployment: Deployment) -> tuple[Finding, ...]:
    """The findings in a revision that is neither on the default branch nor applied anywhere, in order."""
    checks = rules.revision_checks()
    return in_order([finding for check in checks for finding in check(revision, deployment)])
