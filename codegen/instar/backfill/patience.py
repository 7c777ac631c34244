"""Trying again what a lock or a lost connection has stopped."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from instar.backfill.backends.base import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from instar.backfill.backends.base import Backend

_T = TypeVar("_T")

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


def patiently(engine: sa.Engine, backend: Backend, act: Callable[[], _T], *, seconds: float) -> _T:
    """The result of `act`, which runs in transactions of its own and may be tried for so many seconds.

    Raises:
        Exception: What `act` raised, if it is no matter of waiting or the time is up.
    """
    begun, pause = time.monotonic(), _FIRST_PAUSE
    while True:
        try:
            return act()
        except Exception as error:
            fault = backend.fault(error)
            if fault not in {Fault.BUSY, Fault.LOST} or time.monotonic() - begun > seconds:
                raise
            if fault is Fault.LOST:
                engine.dispose()
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 2)
