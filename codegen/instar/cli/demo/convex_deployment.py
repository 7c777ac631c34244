"""What stands in for a Convex deployment: `convex-test`, in the packages of a project that has them."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from instar.cli.demo.workspace import application
from instar.errors import InstarError

if TYPE_CHECKING:
    from pathlib import Path

PACKAGES = ("convex", "convex-test", "vitest", "@edge-runtime/vm")
_SECONDS = 300
_MARK = "verified "


class Deployment:
    """Runs the backfills of the story's application under `convex-test`."""

    def __init__(self, packages: Path) -> None:
        self._packages = packages

    @classmethod
    def find(cls, start: Path) -> Deployment:
        """The packages of the project around a folder.

        Raises:
            InstarError: Node.js or a package is missing.
        """
        if shutil.which("node") is None:
            raise InstarError(
                "--run needs Node.js, and there is no node on PATH. Leave --run out, or install it."
            )
        for folder in (start, *start.parents):
            packages = folder / "node_modules"
            if all((packages / name).exists() for name in PACKAGES):
                return cls(packages)
        raise InstarError(
            f"--run needs the packages {', '.join(PACKAGES)}, and no node_modules here or above has them. "
            f"Install them here with: npm install {' '.join(PACKAGES)}"
        )

    def backfill(self, root: Path) -> list[str]:
        """Run the backfills that a version of the application holds; what each verification printed, a line each.

        Raises:
            InstarError: A backfill left something to do, or the code does not run.
        """
        if not (root / "node_modules").exists():
            (root / "node_modules").symlink_to(self._packages.resolve())
        stand_in = application("convex/run")
        for path, text in stand_in.items():
            (root / path).write_text(text, "utf-8")
        try:
            self._run(root, "convex", "codegen", "--system-udfs", "--typecheck", "disable")
            printed = self._run(root, "vitest", "run", "--no-color")
        finally:
            for path in stand_in:
                (root / path).unlink()
        lines = [line.strip() for line in printed.splitlines()]
        return [line.removeprefix(_MARK) for line in lines if line.startswith(_MARK)]

    def _run(self, root: Path, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(self._packages / ".bin" / program), *arguments],
            cwd=root,
            check=False,
            text=True,
            encoding="utf-8",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
        )
        if done.returncode:
            last = "\n".join(done.stdout.strip().splitlines()[-15:])
            raise InstarError(f"the demo stops: {program} failed. It printed:\n{last}")
        return done.stdout
