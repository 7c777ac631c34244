"""What reading a schema costs: CPU and memory, with an empty and a warm cache, against importing the models.

usage: python benchmarks/read_schema.py [--import app.models] [--json] REPOSITORY FROM TO

Each measurement is a process of its own. `--import` runs `python -c "import app.models"` in the repository's folder.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MEASURE = """
import os, resource, sys
process = os.spawnvpe(os.P_NOWAIT, sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(process, 0)
print(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, file=sys.stderr)
"""


def measure(command: list[str], **environment: str) -> dict[str, float]:
    """CPU seconds and resident megabytes of a command and what it starts."""
    variables = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | environment
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, env=variables, check=True
    )
    status, seconds, memory = done.stderr.strip().splitlines()[-1].split()
    return {"status": float(status), "cpu_seconds": round(float(seconds), 3), "megabytes": float(memory)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository")
    parser.add_argument("before")
    parser.add_argument("after")
    parser.add_argument("--import", dest="module")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    diff = [
        sys.executable,
        "-m",
        "instar",
        "diff",
        "--repo",
        options.repository,
        "--from",
        options.before,
        "--to",
        options.after,
    ]
    diff += ["--format", "json"]
    with tempfile.TemporaryDirectory() as cache:
        measure(diff, INSTAR_CACHE_DIR=str(Path(cache) / "bytecode"))
        result = {
            "cold": measure(diff, INSTAR_CACHE_DIR=str(Path(cache) / "reading")),
            "warm": measure(diff, INSTAR_CACHE_DIR=str(Path(cache) / "reading")),
        }
    if options.module:
        result["import"] = measure(
            [sys.executable, "-c", f"import {options.module}"], PYTHONPATH=options.repository
        )
    if options.json:
        print(json.dumps(result))
        return
    for name, found in result.items():
        print(f"{name:7} {found['cpu_seconds']:7.3f} s CPU {found['megabytes']:6.0f} MB")


main()
