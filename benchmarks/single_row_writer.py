"""An application's request beside a backfill: a process that writes single random rows, and how long each write took.

    python benchmarks/single_row_writer.py URL ROWS

It writes until its standard input is closed; then it prints its latencies in milliseconds as JSON.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator

_PAUSE = 0.002


@contextmanager
def writing(url: str, rows: int) -> Iterator[dict[str, float]]:
    """Let one write meanwhile; the dictionary is filled at the end."""
    command = [sys.executable, "-W", "ignore", __file__, url, str(rows)]
    found: dict[str, float] = {}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        yield found
        process.stdin.close()
        found |= json.loads(process.stdout.read())


def main() -> None:
    """Write until the input is closed, and print."""
    url, rows = sys.argv[1], int(sys.argv[2])
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    sqlite = sa.make_url(url).get_backend_name() == "sqlite"
    engine = sa.create_engine(url, connect_args={"timeout": 600} if sqlite else {})
    rng = random.Random(1)
    latencies: list[float] = []
    with engine.connect() as connection:
        connection.exec_driver_sql("UPDATE people SET visits = visits + 1 WHERE id = 1")
        connection.commit()
        print("up", flush=True)
        while not stop.wait(_PAUSE):
            begun = time.perf_counter()
            key = rng.randint(1, rows)
            connection.exec_driver_sql(f"UPDATE people SET visits = visits + 1 WHERE id = {key:d}")
            connection.commit()
            latencies.append(time.perf_counter() - begun)
    ordered = [round(latency * 1000, 2) for latency in sorted(latencies)] or [0.0]
    print(
        json.dumps(
            {
                "p50_ms": ordered[len(ordered) // 2],
                "p99_ms": ordered[int(len(ordered) * 0.99)],
                "max_ms": ordered[-1],
                "writes": len(latencies),
            }
        )
    )


if __name__ == "__main__":
    main()
