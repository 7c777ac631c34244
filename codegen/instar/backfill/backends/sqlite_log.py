"""SQLite's write-ahead log, moved into the database file beside the batches instead of after them."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine.interfaces import DBAPIConnection

_EVERY = 0.25
"""Seconds between two moves: each waits for the disk twice, whatever it moves."""


class Log:
    """Moves the log now and then, on a connection and in a thread of its own.

    A passive checkpoint waits for nobody and nobody waits for it: batches go on, and so do other writers. What it
    cannot finish since somebody reads or writes, a later one does. A process that is killed meanwhile leaves the log
    as it was.

    Args:
        connect: Opens a connection to the database.
    """

    def __init__(self, connect: Callable[[], DBAPIConnection]) -> None:
        self._connect = connect
        self._moved_at = time.monotonic()
        self._moving: threading.Thread | None = None

    def grew(self) -> None:
        """A batch was committed; move the log if that was not done of late."""
        now = time.monotonic()
        if now - self._moved_at < _EVERY or (self._moving and self._moving.is_alive()):
            return
        self._moved_at = now
        self._moving = threading.Thread(target=self._move, name="instar-log")
        self._moving.start()

    def close(self) -> None:
        """Wait for the move under way."""
        if self._moving:
            self._moving.join()

    def _move(self) -> None:
        # Whatever keeps it from that (a full disk, a lock), the rows are safe in the log.
        with contextlib.suppress(sqlite3.Error), contextlib.closing(self._connect()) as connection:
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)")
