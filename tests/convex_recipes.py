"""The recipes of `examples/convex`, planned and written as projects that the tests compile and run."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from convex_projects import PACKAGES, run_package
from instar.changes.options import (
    PlanOptions,
    parse_conversions,
    parse_defaults,
    parse_fills,
)
from instar.config import Config
from instar.dialects.convex.emit import emit_deploy
from instar.dialects.convex.reader import read_schema
from instar.plan import make_plan
from instar.schema.diff import diff
from instar.schema.migration import Migration
from instar.schema.renames import parse_rename
from instar.sources import FolderSource

EXAMPLES = Path(__file__).parents[1] / "examples" / "convex"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/recipe.toml"))
SCHEMA = "convex/schema.ts"
TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "target": "ESNext",
        "module": "ESNext",
        "moduleResolution": "Bundler",
        "isolatedModules": True,
        "skipLibCheck": True,
        "lib": ["ES2023", "dom"],
        "types": ["vite/client"],
    },
    "include": ["*/convex/**/*.ts"],
    "exclude": ["*/convex/_generated"],
}
COMPONENTS_TYPE = (
    "export declare const components: {\n"
    '  migrations: import("@convex-dev/migrations/_generated/component.js").ComponentApi<"migrations">;\n};\n'
)


@dataclass(frozen=True)
class Recipe:
    name: str
    told: dict[str, Any]
    migration: Migration
    folder: Path

    @property
    def component(self) -> bool:
        return bool(self.told["component"])

    def stage(self, number: int) -> Path:
        """The project as it is after a deploy."""
        return self.folder / f"{self.name}_{number}"

    @property
    def last(self) -> int:
        return len(self.migration.deploys)


def plan_recipe(name: str, folder: Path) -> Recipe:
    """Plan one recipe; its project starts with the wanted schema, as a user's does."""
    example = EXAMPLES / name
    told = tomllib.loads((example / "recipe.toml").read_text())
    before, after = folder / f"{name}_before", folder / f"{name}_0"
    for project, text in ((before, "before.ts"), (after, "after.ts")):
        (project / "convex").mkdir(parents=True)
        (project / SCHEMA).write_text((example / text).read_text())
        dependencies = {"convex": "*"} | ({"@convex-dev/migrations": "*"} if told["component"] else {})
        (project / "package.json").write_text(
            json.dumps({"name": name.replace("_", "-"), "type": "module", "dependencies": dependencies})
        )
    old, new = (read_schema(FolderSource(project), SCHEMA) for project in (before, after))
    options = PlanOptions(
        fills=parse_fills(told.get("fill", ())),
        defaults=parse_defaults(told.get("default", ())),
        conversions=parse_conversions(told.get("convert", ())),
        large_tables=tuple(told.get("large-tables", ())),
    )
    changes = diff(old, new, [parse_rename(text) for text in told.get("rename", ())])
    migration = make_plan(old, new, changes, name=name, options=options, deploy_model="atomic")
    return Recipe(name, told, migration, folder)


def write_stages(recipe: Recipe) -> None:
    """One project a deploy, each edited from the one before."""
    previous = recipe.folder / f"{recipe.name}_0"
    for number in range(1, recipe.last + 1):
        stage = recipe.stage(number)
        for path in (p for p in previous.rglob("*") if p.is_file() and "_generated" not in p.parts):
            target = stage / path.relative_to(previous)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
        for path, text in emit_deploy(FolderSource(stage), Config(), recipe.migration, number).items():
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            (stage / path).write_text(text)
        previous = stage


def generate_api(project: Path, *, component: bool) -> None:
    """Convex's own `_generated`, made offline."""
    done = run_package(project, "convex", "codegen", "--system-udfs", "--typecheck", "disable")
    assert done.returncode == 0, done.stderr
    generated = project / "convex" / "_generated"
    if component:
        types, code = generated / "api.d.ts", generated / "api.js"
        types.write_text(types.read_text() + COMPONENTS_TYPE)
        code.write_text(
            'import { componentsGeneric } from "convex/server";\n'
            + code.read_text()
            + "export const components = componentsGeneric();\n"
        )


def write_workspace(folder: Path) -> None:
    """What all stages share: packages and configuration."""
    (folder / "node_modules").symlink_to(PACKAGES)
    (folder / "package.json").write_text(json.dumps({"name": "recipes", "type": "module"}))
    (folder / "tsconfig.json").write_text(json.dumps(TSCONFIG))
    (folder / "vitest.config.ts").write_text(
        'import { defineConfig } from "vitest/config";\n'
        'export default defineConfig({ test: { environment: "edge-runtime", fileParallelism: false, isolate: false } });\n'
    )
