"""Steering a backfill from another terminal: its workers look at the request with every batch."""

from __future__ import annotations

from instar.backfill import tracking
from instar.backfill.backends import backend_of
from instar.backfill.connecting import connect, parse_url
from instar.backfill.lease import Leases
from instar.errors import InstarError

_PATIENCE = 5.0


def pause(url: str, name: str) -> bool:
    """Let the workers wait after the batch under way, and nobody else begin; whether any are at work.

    Raises:
        InstarError: There is no such backfill, or it has ended.
    """
    return _ask(url, name, "pause")


def cancel(url: str, name: str) -> bool:
    """End the backfill after the batch under way; rows that are done stay done. Whether workers are at it.

    Raises:
        InstarError: There is no such backfill, or it has ended.
    """
    return _ask(url, name, "cancel")


def resume(url: str, name: str) -> bool:
    """Take a pause back; whether workers were waiting for that.

    Raises:
        InstarError: There is no such backfill, or it is not paused.
    """
    return _ask(url, name, None)


def _ask(url: str, name: str, request: tracking.Request | None) -> bool:
    target = parse_url(url)
    backend = backend_of(target)
    engine = connect(backend, target, lock_timeout=_PATIENCE)
    try:
        with engine.begin() as connection:
            record = tracking.require(connection, name)
            if record.status in {"completed", "cancelled"}:
                raise InstarError(f"{name} is {record.status}; there is nothing to {request or 'resume'}.")
            if request is None and record.request != "pause":
                raise InstarError(f"{name} is not paused. To work on it: instar run.")
            owner = Leases(backend, name, term=0.0, run="").open(connection)[1]
            # Between two batches, and while paused, workers hold no lease; "running" tells that they were there.
            working = record.status == "running" if request != "pause" else owner is not None
            if request == "cancel" and owner is None:
                tracking.change(connection, name, status="cancelled", request=None)
            else:
                tracking.change(connection, name, request=request)
            return working
    finally:
        engine.dispose()
