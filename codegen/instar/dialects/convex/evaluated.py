"""The exact way to a schema: the project's own esbuild bundles it, Node runs it, `schema.export()` is read.

Unlike everything else in this package, this runs the user's code. It needs Node and the installed packages.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from instar.dialects.convex.exported import parse_export
from instar.errors import InstarError

if TYPE_CHECKING:
    from instar.schema.model import Schema

_SCRIPT: Final = """
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
const [entry, folder] = process.argv.slice(-2);
const require = createRequire(entry);
let esbuild;
try {
  esbuild = require("esbuild");
} catch {
  try {
    esbuild = createRequire(require.resolve("convex/package.json"))("esbuild");
  } catch {
    fail("the packages of the project are not installed (npm install)");
  }
}
const outfile = join(folder, "schema.mjs");
function fail(reason) {
  console.error(`\\n${reason}`);
  process.exit(1);
}
await esbuild.build({
  entryPoints: [entry], outfile, bundle: true, format: "esm", platform: "browser", target: "esnext",
  conditions: ["convex", "module"], logLevel: "silent",
}).catch((error) => {
  const first = error.errors?.[0];
  fail(first ? `${first.location?.file ?? ""}:${first.location?.line ?? ""}: ${first.text}` : String(error));
});
const schema = await import(pathToFileURL(outfile).href).then((module) => module.default, fail);
if (typeof schema?.export !== "function") fail("its default export is no defineSchema(…)");
writeFileSync(join(folder, "schema.json"), schema.export());
process.exit(0);
"""
_PLACED: Final = re.compile(r"([^:]+):(\d+): (.*)")
_TIMEOUT: Final = 60
"""Seconds; a bundle takes less than one."""


def evaluate_schema(root: Path, path: str) -> Schema:
    """Bundle and run the schema at `path` of a project, and read what it exports.

    Raises:
        InstarError: Node is missing, a package is not installed, or the schema cannot be bundled or throws.
    """
    return parse_export(export_schema(root, path))


def export_schema(root: Path, path: str) -> str:
    """The JSON that the schema at `path` of a project exports, as a deployment gets it.

    Raises:
        InstarError: As `evaluate_schema` does.
    """
    node = shutil.which("node")
    if node is None:
        raise InstarError(
            "--evaluate runs the schema with Node, which is not on PATH. Leave it out to read it statically."
        )
    with tempfile.TemporaryDirectory(prefix="instar-") as folder:
        command = [node, "--input-type=module", "--eval", _SCRIPT, "--", str((root / path).resolve()), folder]
        try:
            done = subprocess.run(
                command, cwd=root, capture_output=True, text=True, timeout=_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            raise InstarError(f"the schema did not finish within {_TIMEOUT} seconds.", path=path) from None
        result = Path(folder) / "schema.json"
        if done.returncode != 0 or not result.exists():
            told = done.stderr.strip().splitlines()
            reason = told[-1] if told else "no message"
            placed = _PLACED.match(reason)
            if placed is not None:
                raise InstarError(
                    f"the schema cannot be bundled: {placed[3]}", path=placed[1], line=int(placed[2])
                )
            raise InstarError(f"the schema cannot be evaluated: {reason}", path=path)
        return result.read_text(encoding="utf-8")
