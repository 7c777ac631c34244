"""How long reading may take before the rest is put off to the next call."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class PutOffError(Exception):
    """The time was spent before everything was read; what was read is kept, and the next call goes on from there."""


class Allowance:
    """Time for reading files that nobody has read yet.

    It is asked after a file, never before one: each call gets on by one file at least, so that calls come to an end
    whatever the time is. It counts the CPU time of this process, because a busy machine must not keep it from getting
    anywhere.

    Args:
        seconds: How long.
        clock: Seconds that only grow.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.process_time) -> None:
        self._clock = clock
        self._until = clock() + seconds

    def spend(self) -> None:
        """Say that something new was read.

        Raises:
            PutOffError: No time is left for more.
        """
        if self._clock() >= self._until:
            raise PutOffError
