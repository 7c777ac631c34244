"""What to type to run a generated backfill in a deployment. instar prints it, and never runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.convex.backfills import FOLDER, module_name

if TYPE_CHECKING:
    from instar.schema.migration import Step


def command_of(step: Step, *, production: bool = False) -> str:
    """`npx convex run migrations/users_name:run`, or `:verify` for a step that verifies."""
    assert step.work is not None
    function = "verify" if step.kind == "verify" else "run"
    target = " --prod" if production else ""
    return f"npx convex run{target} {FOLDER}/{module_name(step.work)}:{function}"
