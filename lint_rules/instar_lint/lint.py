"""Facts and a deployment to findings: the pure middle of the linter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar_lint import rules
from instar_lint.findings import in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding
    from instar_lint.revisions import Revision


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
