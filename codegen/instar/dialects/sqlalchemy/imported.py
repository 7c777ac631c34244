"""The exact schema of an application, by importing it in an interpreter of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.metadata import schema_of
from instar.errors import InstarError

if TYPE_CHECKING:
    from instar.schema.model import Schema

MARK = "instar-description:"
SCRIPT = Path(__file__).with_name("description.py")
ENVIRONMENTS = (".venv/bin/python", "venv/bin/python", ".venv/Scripts/python.exe", "venv/Scripts/python.exe")


def import_schema(target: str, root: Path, *, python: str | None = None, timeout: float = 60) -> Schema:
    """Import `module:name` and read the `MetaData` that it is or has. The application's code runs.

    Args:
        target: A declarative base, a Flask-SQLAlchemy `db`, a registry or a `MetaData`, as `app.db:Base`.
        root: The project's folder; modules are found in it and in its `src`.
        python: The interpreter that has the application's packages; found when absent.
        timeout: Seconds that the import may take.

    Raises:
        InstarError: The import fails or takes too long, or the target has no `MetaData`.
    """
    module, sign, name = target.partition(":")
    if not (module and sign and name):
        raise InstarError(f'--import reads module:name, such as app.db:Base; "{target}" does not.')
    interpreter = python or project_python(root)
    code, out, err = _run(
        [interpreter, "-c", SCRIPT.read_text(encoding="utf-8"), target], root, timeout, target
    )
    plain = next((line for line in reversed(out.splitlines()) if line.startswith(MARK)), None)
    if code or plain is None:
        raise InstarError(f"cannot import {target} with {interpreter}: {_reason(err, code)}")
    return schema_of(json.loads(plain.removeprefix(MARK)))


def project_python(root: Path) -> str:
    """The project's own interpreter: of its virtual environment, of the active one, else the one that runs instar."""
    active = os.environ.get("VIRTUAL_ENV")
    places = [root / path for path in ENVIRONMENTS] + ([Path(active) / "bin/python"] if active else [])
    return next((str(path) for path in places if path.exists()), sys.executable)


def _run(command: list[str], root: Path, timeout: float, target: str) -> tuple[int, str, str]:
    """Run to the end, or stop the process and all that it started."""
    try:
        process = subprocess.Popen(
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise InstarError(
            f"cannot run {command[0]}: {error.strerror}. Name the interpreter with --python."
        ) from None
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise InstarError(
            f"importing {target} took longer than {timeout:g} s. Allow more with --timeout, or read the models "
            "without importing them: instar snapshot"
        ) from None
    return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")


def _reason(err: str, code: int) -> str:
    lines = [line.strip() for line in err.splitlines() if line.strip()]
    said = next((line.removeprefix(MARK) for line in reversed(lines) if line.startswith(MARK)), None)
    if said is None:
        said = lines[-1] if lines else f"it ended with code {code} and said nothing"
    hint = ""
    if said.startswith("ModuleNotFoundError"):
        hint = " Name the interpreter that has it with --python."
    return f"{said.rstrip('.')}.{hint}"
