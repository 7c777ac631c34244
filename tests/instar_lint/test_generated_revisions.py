"""What instar itself writes passes its own rules, and what it leaves to the user is reported until it is done."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from commands import commit, run, write
from instar.dialects.sqlalchemy.revision import write_revision
from instar.plan import PlanOptions
from instar.schema.migration import Migration
from instar_lint.deployment import Deployment, Origin
from instar_lint.findings import Finding
from instar_lint.lint import lint_revision
from instar_lint.revisions import parse_revision
from rolling.cases import CASES
from schemas import constant, field, index, planned, table, text

BACKENDS = ("sqlite", "postgresql", "mariadb")
DEMO = Path(__file__).parents[2] / "templates" / "demo"
LOOP = """

def upgrade() -> None:
    while True:
        if not op.get_bind().execute(sa.text("UPDATE items SET a = b WHERE a IS NULL LIMIT 9")).rowcount:
            break
"""

BY_A, BY_A_AND_B = index("by_a", "a"), index("by_a", "a", "b")
CHANGES = {
    "add an index": (table("posts", field("a")), table("posts", field("a"), indexes=(BY_A,))),
    "drop an index": (table("posts", field("a"), indexes=(BY_A,)), table("posts", field("a"))),
    "change an index": (
        table("posts", field("a"), field("b"), indexes=(BY_A,)),
        table("posts", field("a"), field("b"), indexes=(BY_A_AND_B,)),
    ),
    "change a default": (
        table("posts", field("a")),
        table("posts", field("a", server_default=constant("'x'"))),
    ),
    "make required": (
        table("posts", field("a", optional=True)),
        table("posts", field("a", server_default=constant("'x'"))),
    ),
    "make optional": (table("posts", field("a")), table("posts", field("a", optional=True))),
    "widen a type": (table("posts", field("a", text(40))), table("posts", field("a", text(90)))),
    "fill by a function": (table("posts", field("a")), table("posts", field("a"), field("b"))),
}


def found(migration: Migration, more: str = "") -> tuple[list[Finding], int]:
    """What is found in the revisions of a migration, and how many revisions there are."""
    deployment = Deployment(
        declared=migration.before,
        environments=(),
        target=migration.target,
        origin=Origin(before="main", after="the work tree"),
        configured=True,
        backend=migration.backend,
    )
    findings, count = [], 0
    for step in migration.steps:
        if step.operations:
            made = write_revision(migration, step, ("0001",), "migrations/versions")
            revision = parse_revision(made.text + more, made.path)
            assert revision is not None
            findings += lint_revision(revision, deployment)
            count += 1
    return findings, count


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CASES)
def test_nothing_is_found_in_the_revisions_of_a_rollout(name, backend):
    migration = CASES[name].plan(backend)
    assert found(migration)[0] == []


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_found_in_the_revisions_of_any_change(name, backend):
    before, after = CHANGES[name]
    options = PlanOptions(computes={"posts.b": "app/fill.py:b"})
    migration = planned(before, after, backend=backend, name="change", options=options)
    findings, revisions = found(migration)
    assert findings == []
    assert revisions


def test_what_is_added_to_a_generated_revision_is_judged():
    findings, _ = found(CASES["add an optional field"].plan("postgresql"), LOOP)
    assert {finding.code for finding in findings} == {"INS405"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_compute_function_is_reported_until_it_is_written(backend, tmp_path, monkeypatch):
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    shutil.copytree(DEMO / "first", folder)
    write(
        folder,
        {"instar.toml": f'backend = "{backend}"\naccessors = "app/accessors"\ndefault-branch = "main"\n'},
    )
    commit(folder, {})
    models = (folder / "app/models.py").read_text()
    wanted = models.replace(
        "    user_name: Mapped[str] = ",
        "    avatar_url: Mapped[str] = mapped_column(String(200))\n    user_name: Mapped[str] = ",
    )
    write(folder, {"app/models.py": wanted})
    made = run("generate", "--compute", "users.avatar_url=app/urls.py:avatar_url", cwd=folder)
    assert made.code == 0, made.err
    assert [line.split(" ")[:2] for line in run("lint", cwd=folder).out.splitlines()] == [
        [f"app/urls.py:{_line(folder)}:5:", "INS406"]
    ]
    assert "INS406" in run("check", cwd=folder).out
    text = (folder / "app/urls.py").read_text()
    write(folder, {"app/urls.py": text.replace("raise NotImplementedError(", "return str(")})
    assert run("lint", cwd=folder).out == ""


def _line(folder: Path) -> int:
    lines = (folder / "app/urls.py").read_text().splitlines()
    return next(n for n, line in enumerate(lines, 1) if "NotImplementedError" in line)
