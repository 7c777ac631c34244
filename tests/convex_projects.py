"""Convex projects for tests: a folder with files and the shared `node_modules` of `tests/convex_project`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from servers import needs

PACKAGES = Path(__file__).parent / "convex_project" / "node_modules"


def require_node() -> None:
    """Skip where the packages are not installed; in CI that is a failure."""
    needs((PACKAGES / "convex").exists(), "needs Node.js packages: npm ci --prefix tests/convex_project")


def write_project(folder: Path, files: dict[str, str], *, installed: bool = False) -> Path:
    """Write files by path; with `installed`, put the shared packages beside them."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
    if installed:
        require_node()
        (folder / "node_modules").symlink_to(PACKAGES)
        if "package.json" not in files:
            (folder / "package.json").write_text(json.dumps({"name": "app", "type": "module"}))
    return folder


def run_package(folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program of the installed packages, such as `tsc`, in a folder."""
    program = PACKAGES / ".bin" / name
    return subprocess.run(
        [str(program), *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
