"""Batched, tracked, resumable and verified rewriting of stored data.

`run` works on a backfill, `verify` checks it, `read_progress` tells how far all of a database are, and `pause`,
`resume` and `cancel` steer one that runs elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from instar.backfill.control import cancel as cancel
    from instar.backfill.control import pause as pause
    from instar.backfill.control import resume as resume
    from instar.backfill.options import Options as Options
    from instar.backfill.progress import Progress as Progress
    from instar.backfill.progress import read_progress as read_progress
    from instar.backfill.runner import Outcome as Outcome
    from instar.backfill.runner import run as run
    from instar.backfill.trial import dry_run as dry_run
    from instar.backfill.verification import Verification as Verification
    from instar.backfill.verification import left_over as left_over
    from instar.backfill.verification import verify as verify

_HOMES = {
    "Options": "options",
    "Outcome": "runner",
    "Progress": "progress",
    "Verification": "verification",
    "cancel": "control",
    "dry_run": "trial",
    "left_over": "verification",
    "pause": "control",
    "read_progress": "progress",
    "resume": "control",
    "run": "runner",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    """Import on first use, so that naming the package loads no database driver."""
    import importlib  # noqa: PLC0415 - naming the package must stay cheap

    if name not in _HOMES:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
