"""How many rows a batch has, steered so that a transaction takes about as long as it should; and how fast that is."""

from __future__ import annotations

import time

_AIM = 0.9
"""Aim a little below the target, since a batch that takes longer holds its locks longer."""

_COMPUTING_MAY_TAKE = 4.0
"""Reading and computing hold no lock, so they may take this many times the target."""

_REMEMBERED = 2.0
"""Over how many seconds a rate is smoothed, about."""


class Rate:
    """Rows a second of late, with the rests between batches."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._known = 0.0
        self._rate = 0.0

    def after(self, rows: int) -> float:
        """The rate after that many rows more."""
        now = time.monotonic()
        seconds = max(now - self._at, 1e-6)
        self._at = now
        self._known = min(self._known + seconds, max(seconds, _REMEMBERED))
        self._rate += seconds / self._known * (rows / seconds - self._rate)
        return self._rate


class Pace:
    """The size of the next batch.

    It at most doubles, and only after a batch that rewrote about as many rows as it walked over: a stretch that
    needs no work says nothing about how long the next one takes.

    Args:
        target: How long the transaction of a batch should take, in seconds.
        first: The size of the first batch.
        most: The greatest size.
    """

    def __init__(self, *, target: float, first: int, most: int) -> None:
        self._target = target
        self._most = most
        self.size = min(first, most)
        self._proven = self.size

    def took(self, *, seconds: float, reading: float, scanned: int, rewritten: int) -> None:
        """Learn from a batch: the time of its transaction, and of what was done before it."""
        cost = max(seconds, reading / _COMPUTING_MAY_TAKE, 1e-6)
        factor = min(2.0, max(0.5, _AIM * self._target / cost))
        if rewritten * 2 >= scanned:
            self._proven = self._limited(scanned * factor)
            self.size = self._proven
        elif factor < 1:
            self.size = self._limited(scanned * factor)
        else:
            self.size = max(self.size, min(self._proven, self._limited(self.size * factor)))

    def busy(self) -> None:
        """A lock timeout or a deadlock: half as many."""
        self.size = self._limited(self.size / 2)

    def refused(self) -> None:
        """A row of the batch is to blame: close in on it."""
        self.size = self._limited(self.size / 4)

    def _limited(self, size: float) -> int:
        return max(1, min(self._most, int(size)))
