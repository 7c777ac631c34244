"""The eight recipes of safe Convex evolution: generated, formatted, compiled and run on 250 documents each."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from convex_projects import require_node, run_package
from convex_recipes import (
    NAMES,
    SCHEMA,
    Recipe,
    generate_api,
    plan_recipe,
    write_stages,
    write_workspace,
)
from instar.dialects.convex.backfills import module_name
from instar.dialects.convex.comparison import bare
from instar.dialects.convex.reader import read_schema
from instar.schema.virtual import declared_after
from instar.sources import FolderSource

pytestmark = [pytest.mark.node, pytest.mark.xdist_group("convex")]

DEPLOYS = {
    "add_field": 2,
    "add_index": 2,
    "change_type": 2,
    "grown_schema": 2,
    "remove_field": 2,
    "rename_field": 3,
    "timestamps": 2,
    "tracked_runner": 2,
}


@pytest.fixture(scope="module")
def recipes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Recipe]]:
    """All recipes, written into one workspace."""
    require_node()
    folder = tmp_path_factory.mktemp("recipes")
    write_workspace(folder)
    found = {name: plan_recipe(name, folder) for name in NAMES}
    for recipe in found.values():
        write_stages(recipe)
    yield found
    shutil.rmtree(folder)


def test_each_has_as_many_deploys_as_it_needs(recipes: dict[str, Recipe]) -> None:
    assert {name: recipe.last for name, recipe in recipes.items()} == DEPLOYS
    for recipe in recipes.values():
        assert not recipe.migration.unplanned
        assert not recipe.migration.decisions


def test_each_stage_declares_what_the_plan_says(recipes: dict[str, Recipe]) -> None:
    for recipe in recipes.values():
        for number in range(1, recipe.last + 1):
            read = bare(read_schema(FolderSource(recipe.stage(number)), SCHEMA))
            planned = bare(declared_after(recipe.migration, number))
            ours = {"migrations"} - {table.name for table in planned.tables}
            assert [table for table in read.tables if table.name not in ours] == list(planned.tables)


def test_what_is_written_is_formatted(recipes: dict[str, Recipe]) -> None:
    folder = next(iter(recipes.values())).folder
    stages = [
        f"{recipe.stage(n).name}/convex" for recipe in recipes.values() for n in range(1, recipe.last + 1)
    ]
    done = run_package(folder, "prettier", "--check", *stages)
    assert done.returncode == 0, done.stderr


def test_each_compiles_and_carries_250_documents_over(recipes: dict[str, Recipe]) -> None:
    folder = next(iter(recipes.values())).folder
    shutil.copy(Path(__file__).parents[1] / "convex_scenario.ts", folder / "scenario.ts")
    for recipe in recipes.values():
        first = recipe.stage(1)
        (first / "convex" / "recipe.test.ts").write_text(scenario(recipe))
        (first / "convex" / "strict.ts").write_text((recipe.stage(2) / SCHEMA).read_text())
        generate_api(first, component=recipe.component)
        if recipe.last > 2:
            generate_api(recipe.stage(2), component=recipe.component)
    config = json.loads((folder / "tsconfig.json").read_text())
    config["include"] = [
        f"{recipe.stage(n).name}/convex/**/*.ts" for recipe in recipes.values() for n in range(1, recipe.last)
    ]
    (folder / "tsconfig.json").write_text(json.dumps(config))
    compiled = run_package(folder, "tsc", "-p", ".")
    assert compiled.returncode == 0, compiled.stdout
    run = run_package(folder, "vitest", "run", "--no-color")
    assert run.returncode == 0, run.stdout + run.stderr
    passed = re.search(r"Tests\s+(\d+) passed", run.stdout)
    assert passed is not None
    assert int(passed[1]) == 15


def scenario(recipe: Recipe) -> str:
    """A vitest file that puts the first deploy's backfills through everything."""
    works = [step.work for step in recipe.migration.deploys[0].steps if step.kind == "backfill" and step.work]
    backfills = ", ".join(
        f"{{ api: api.{module_name(work)}, table: {json.dumps(work.table)}, "
        f"refused: {json.dumps(work.target != '*')} }}"
        for work in works
    )
    seeds = dict(recipe.told["seed"])
    if recipe.name == "grown_schema":
        seeds["posts"] = "{ title: `Post ${i}`, authorId: ids.users![i] }"
    seed = ", ".join(f"{table}: (i: number, ids: any) => (void ids, {text})" for table, text in seeds.items())
    breaks = (
        'breaks: { table: "notes", broken: { author: undefined }, mended: { author: "Found" } },'
        if recipe.name == "tracked_runner"
        else ""
    )
    if recipe.name == "add_index":
        breaks = 'staged: { table: "posts", index: "by_status_and_published" },'
    return f"""\
/// <reference types="vite/client" />
import {{ scenarioTests }} from "../../scenario";
import {{ internal }} from "./_generated/api";
import schema from "./schema";
import strict from "./strict";

const api = (internal as any).migrations;
const modules = import.meta.glob(["./**/*.ts", "./**/*.js", "!./**/*.test.ts", "!./**/*.d.ts"]);
scenarioTests("{recipe.name}", {{
  schema: schema as any, strict: strict as any, modules, component: {json.dumps(recipe.component)}, api,
  backfills: [{backfills}], seed: {{ {seed} }}, {breaks}
}});
"""
