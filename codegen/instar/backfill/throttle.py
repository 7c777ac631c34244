"""When to wait between batches: any one gauge stops the work, all must clear, and one that fails counts as a stop."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence

import msgspec

from instar.errors import InstarError

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "kB": 1024.0, "MB": 1024.0**2, "GB": 1024.0**3}
_HYSTERESIS = 0.5
_SAID = 100


class Gauge(msgspec.Struct, frozen=True, kw_only=True):
    """Something measured between batches.

    Attributes:
        name: What it is, in the line of progress: `replica lag`.
        unit: What stands behind its value: `s`, `MB` or nothing.
        limit: Above this the work stops.
        resume: Down to this it must fall again; between the two, things stay as they are.
        read: Measures; None means that it cannot be told, and stops.
    """

    name: str
    limit: float
    resume: float
    read: Callable[[], float | None]
    unit: str = ""


def gauge(name: str, limit: float, read: Callable[[], float | None], unit: str = "") -> Gauge:
    """A gauge that clears at half its limit."""
    return Gauge(name=name, limit=limit, resume=limit * _HYSTERESIS, read=read, unit=unit)


def parse_lag(text: str) -> tuple[float, bool]:
    """A limit such as `10s`, `500ms`, `16MB`: its value in seconds or bytes, and whether it is bytes.

    Raises:
        InstarError: It is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|min|kB|MB|GB)", text)
    if not match:
        raise InstarError(
            f'"{text}" is no lag. Write seconds or bytes, as in --max-lag 10s or --max-lag 16MB.'
        )
    return float(match[1]) * _UNITS[match[2]], match[2].endswith("B")


class Throttle:
    """Asks the gauges, not more often than every `every` seconds, and keeps a duty cycle.

    Args:
        gauges: What to ask.
        every: Seconds between two readings.
        max_load: The share of the time that batches may take.
        clock: Seconds that only go forward.
    """

    def __init__(
        self,
        gauges: Sequence[Gauge],
        *,
        every: float,
        max_load: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gauges = tuple(gauges)
        self._every = every
        self._max_load = max_load
        self._clock = clock
        self._read_at = float("-inf")
        self._stopped: set[int] = set()
        self._reason: str | None = None

    def rest(self, busy: float) -> float:
        """How long to rest after a batch that took `busy` seconds, for the duty cycle."""
        return busy * (1 / self._max_load - 1)

    def reason(self) -> str | None:
        """Why to wait now; None to go on."""
        if self._gauges and self._clock() - self._read_at >= self._every:
            readings = [self._read(position, gauge) for position, gauge in enumerate(self._gauges)]
            self._reason = next((reading for reading in readings if reading), None)
            self._read_at = self._clock()
        return self._reason

    def _read(self, position: int, gauge: Gauge) -> str | None:
        try:
            value = gauge.read()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a gauge, it stops the work
            self._stopped.add(position)
            said = (
                str(getattr(error, "orig", None) or error).partition("\n")[0][:_SAID] or type(error).__name__
            )
            return f"{gauge.name} cannot be read ({said})"
        if value is None:
            self._stopped.add(position)
            return f"{gauge.name} is unknown"
        if value > (gauge.resume if position in self._stopped else gauge.limit):
            self._stopped.add(position)
            return f"{gauge.name} {value:.3g}{gauge.unit and ' ' + gauge.unit}, above {gauge.limit:g}"
        self._stopped.discard(position)
        return None
