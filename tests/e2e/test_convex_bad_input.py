"""Convex projects that are not as they should be, and names that code is not written with by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import commit, run, write
from convex_projects import PACKAGES, require_node, run_package

IMPORTS = 'import { defineSchema, defineTable } from "convex/server";\nimport { v } from "convex/values";\n\n'
GOOD = IMPORTS + "export default defineSchema({\n  users: defineTable({ name: v.string() }),\n});\n"
TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "target": "ESNext",
        "module": "ESNext",
        "moduleResolution": "Bundler",
        "skipLibCheck": True,
        "lib": ["ES2023", "dom"],
        "types": [],
    },
    "exclude": ["_generated"],
}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"convex/schema.ts": GOOD.replace("v.string()", "v.string(")}, "not valid TypeScript"),
        ({"convex/schema.ts": GOOD.replace("export default", "export const schema =")}, "must be the default export"),
        (
            {
                "convex/schema.ts": GOOD.replace("{ name: v.string() }", "fields") + 'import { fields } from "./a";\n',
                "convex/a.ts": 'export { fields } from "./b";\n',
                "convex/b.ts": 'export { fields } from "./a";\n',
            },
            "defined by itself",
        ),
        (
            {
                "convex/schema.ts": GOOD.replace("{ name: v.string() }", "big") + 'import { big } from "./big";\n',
                "convex/big.ts": "export const big = {};\n" + "// filler line\n" * 350_000,
            },
            "larger than 2 MB",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_place(tmp_path: Path, files: dict[str, str], said: str) -> None:
    commit(tmp_path, {"convex/schema.ts": GOOD, "instar.toml": 'dialect = "convex"\n'})
    write(tmp_path, files)
    done = run("diff", "--repo", tmp_path, "--format", "json")
    assert done.code == 0
    unclear = done.json["unreadable"] + done.json["opaque"]
    assert any(said in one["reason"] and one["path"].startswith("convex/") for one in unclear), unclear
    assert not [one for one in done.json["changes"] if one["kind"].startswith("drop")]
    generated = run("generate", "--repo", tmp_path)
    assert generated.code in {0, 2}
    assert not (tmp_path / "convex" / "migrations").exists()
    assert "Traceback" not in done.err + generated.err
    assert run("lint", "--repo", tmp_path).code in {0, 1}


@pytest.mark.parametrize("suffix", ["ts", "tsx", "js"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_schemas_in_other_files_and_with_other_line_ends(tmp_path: Path, suffix: str, newline: str) -> None:
    path = f"convex/schema.{suffix}"
    before = GOOD.replace("});\n", "}, { schemaValidation: false });\n").replace("\n", newline)
    commit(tmp_path, {path: before, "instar.toml": 'dialect = "convex"\n'})
    write(
        tmp_path, {path: before.replace("name: v.string()", "name: v.string(), age: v.optional(v.number())")}
    )
    (change,) = run("diff", "--repo", tmp_path, "--format", "json").json["changes"]
    assert (change["kind"], change["field"], change["narrows"]) == ("add_field", "age", False)


def test_two_convex_folders_are_not_mixed(tmp_path: Path) -> None:
    commit(tmp_path, {"a/convex/schema.ts": GOOD, "b/convex/schema.ts": GOOD})
    done = run("diff", "--repo", tmp_path)
    assert done.code == 2
    assert "a/convex/schema.ts, b/convex/schema.ts" in done.err
    assert run("diff", "--repo", tmp_path, "--schema", "b/convex/schema.ts").code == 0


@pytest.mark.node
def test_names_with_quotes_and_of_prototypes(tmp_path: Path) -> None:
    require_node()
    before = GOOD.replace("users", "constructor").replace(
        "name: v.string()", """"it's": v.string(), 'sa"y': v.number()"""
    )
    wanted = before.replace(
        """v.string(), 'sa"y': v.number()""", 'v.number(), "back`tick": v.string()'
    ).replace("});", "  hasOwnProperty: defineTable({ toString: v.number() }),\n});")
    package = json.dumps({"name": "app", "type": "module", "dependencies": {"convex": "*"}})
    files = {
        "package.json": package,
        ".gitignore": "node_modules\n",
        "convex/tsconfig.json": json.dumps(TSCONFIG),
    }
    commit(tmp_path, {"convex/schema.ts": before, **files})
    write(tmp_path, {"convex/schema.ts": wanted})
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    told = ["--convert", "constructor.it's=a=1", "--default", 'constructor.back`tick="x"']
    done = run("generate", "--repo", tmp_path, *told, "--name", "odd")
    assert done.code == 0, done.err
    for program, *arguments in (
        ("convex", "codegen", "--system-udfs", "--typecheck", "disable"),
        ("tsc", "--noEmit", "-p", "convex"),
        ("prettier", "--check", "convex/migrations", "convex/model", "convex/schema.ts"),
    ):
        ran = run_package(tmp_path, program, *arguments)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_service_beside_the_application_that_uses_another_library(tmp_path: Path) -> None:
    service = "from sqlalchemy import text\n\nQUERY = text('select 1')\n"
    commit(tmp_path, {"convex/schema.ts": GOOD, "service/app.py": service})
    write(tmp_path, {"convex/schema.ts": GOOD.replace("name: v.string()", "name: v.string(), age: v.null()")})
    done = run("diff", "--repo", tmp_path, "--format", "json")
    assert [(one["kind"], one["field"]) for one in done.json["changes"]] == [("add_field", "age")]
    assert run("lint", "--repo", tmp_path).out.count("INS301") == 1
