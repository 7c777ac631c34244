"""What the plugin adds to flake8: the same files with it, without it, with nothing and with ten fields in flight."""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from instar import ledger
from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.plan import make_plan
from instar.schema.diff import diff
from instar.sources import FolderSource

LINES = 30_000
ROUNDS = 3
CONFIG = '[tool.instar]\nschema = ["models.py"]\nbackend = "sqlite"\n'
RUN = """
import importlib.metadata as installed, sys
from flake8.main.cli import main
everything = installed.distributions
if sys.argv.pop(1) == "without":
    installed.distributions = lambda **how: (d for d in everything(**how) if d.metadata["Name"] != "instar")
main(["--isolated", "-j1", "-q", *sys.argv[1:]])
"""


def flake8_costs(lib: Path, models: str, names: list[str]) -> dict[str, float]:
    """CPU seconds of flake8 without the plugin, and how much of them it adds; each is the best of some rounds.

    Args:
        lib: The folder that files are taken from.
        models: The text of a file whose class maps the fields.
        names: The fields.
    """
    folder = Path(tempfile.mkdtemp(prefix="instar-flake8-"))
    try:
        _copy(lib, folder / "lib")
        (folder / "models.py").write_text(models)
        (folder / "pyproject.toml").write_text(CONFIG)
        _cpu(folder, "with")
        rounds = [(_cpu(folder, "without"), _cpu(folder, "with")) for _ in range(ROUNDS)]
        _plan(folder, models, names)
        _cpu(folder, "with")
        flying = [_cpu(folder, "with") for _ in range(ROUNDS)]
        bare = min(without for without, _ in rounds)
        return {
            "flake8_s": bare,
            "flake8_quiet_over": min(quiet for _, quiet in rounds) / bare - 1,
            "flake8_in_flight_over": min(flying) / bare - 1,
        }
    finally:
        shutil.rmtree(folder)


def _copy(lib: Path, target: Path) -> None:
    """Files from everywhere in the folder, until there are enough lines."""
    files = sorted(lib.rglob("*.py"))
    total = 0
    for file in (file for start in range(37) for file in files[start::37]):
        data = file.read_bytes()
        place = target / file.relative_to(lib)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        total += data.count(b"\n")
        if total >= LINES:
            return


def _plan(folder: Path, models: str, names: list[str]) -> None:
    """A migration that takes the fields away, of which nothing is generated yet."""
    before = read_models(FolderSource(folder), Config(schema=("models.py",))).schema
    kept = [line for line in models.splitlines() if not any(f"    {name}:" in line for name in names)]
    (folder / "models.py").write_text("\n".join(kept))
    target = read_models(FolderSource(folder), Config(schema=("models.py",))).schema
    (folder / "models.py").write_text(models)
    migration = make_plan(before, target, diff(before, target, []), name="leaving", backend="sqlite")
    path = folder / ledger.path_of(migration, Config())
    path.parent.mkdir(parents=True)
    path.write_bytes(ledger.encode(migration))


def _cpu(folder: Path, plugin: str) -> float:
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    own = {"INSTAR_CACHE_DIR": str(folder / ".cache"), "PYTHONPYCACHEPREFIX": str(folder / ".pycache")}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", RUN, plugin, "lib"],
        cwd=folder,
        env=kept | own,
        check=False,
        capture_output=True,
    )
    if b"Traceback" in done.stderr:
        raise RuntimeError(done.stderr.decode())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
