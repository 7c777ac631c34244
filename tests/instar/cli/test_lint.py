"""`instar lint` and `instar fix` in a real project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commands import commit, git, run, write
from standing_project import BEFORE, CODE, DECLARED, display_names, lay_out

READ = CODE + "def greeting(user: User) -> str:\n    return user.user_name  # as it was\n"
LINE = CODE.count("\n") + 2


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    return lay_out(folder, display_names(folder), {"app/views.py": READ})


def codes(folder: Path, *arguments: object) -> list[str]:
    return [f["code"] for f in run("lint", "--repo", folder, "--format", "json", *arguments).json["findings"]]


def test_a_finding_says_what_since_when_and_what_next(project):
    done = run("lint", "--repo", project)
    assert done.code == 1
    assert done.out == (
        f"app/views.py:{LINE}:17: INS203 users.user_name leaves with display-names; "
        "read app.accessors.users.display_name(user) [instar fix]\n"
    )


def test_paths_are_those_that_are_named_or_changed(project):
    assert codes(project, project / "app") == ["INS203"]
    assert codes(project, project / "app/models.py") == []
    git(project, "add", "-A")
    git(project, "commit", "-qm", "all of it")
    assert codes(project, "--changed-since", "HEAD~1") == codes(project)
    assert codes(project, "--changed-since", "HEAD") == []


def test_two_versions_are_held_against_each_other(project):
    commit(project, {"app/models.py": DECLARED.replace("user_name", "login")}, "rename")
    found = run("lint", "--repo", project, "--from", "HEAD~1", "--to", "HEAD", "--format", "json").json[
        "findings"
    ]
    read = next(finding for finding in found if finding["path"] == "app/views.py")
    assert (read["code"], read["table"], read["field"], read["confidence"]) == (
        "INS201",
        "users",
        "user_name",
        "proven",
    )
    assert "was removed between HEAD~1 (" in read["message"]


def test_all_shows_what_is_likely_and_does_not_fail_for_it(project):
    write(project, {"app/views.py": CODE + "def greeting(user):\n    return user.user_name\n"})
    quiet = run("lint", "--repo", project)
    assert (quiet.code, quiet.out) == (0, "")
    assert "1 likely or possible finding not shown" in quiet.err
    shown = run("lint", "--repo", project, "--all")
    assert (shown.code, "(likely)" in shown.out) == (0, True)


def test_a_comment_takes_a_finding_back_and_one_that_does_not_is_reported(project):
    write(project, {"app/views.py": READ.replace("# as it was", "# noqa: INS203, INS101 - as it was")})
    done = run("lint", "--repo", project)
    assert done.out == (
        f"app/views.py:{LINE}:28: INS001 nothing is found here for INS101; take it out of the noqa comment\n"
    )
    assert run("lint", "--repo", project, "--keep-unused-noqa").code == 0


def test_a_baseline_lets_known_findings_be_and_fails_for_new_and_stale_ones(project, tmp_path):
    baseline = tmp_path / "baseline.json"
    assert run("lint", "--repo", project, "--baseline", baseline, "--write-baseline").code == 0
    assert run("lint", "--repo", project, "--baseline", baseline).code == 0
    write(project, {"app/more.py": READ})
    assert codes(project, "--baseline", baseline) == ["INS203"]
    write(project, {"app/more.py": "", "app/views.py": ""})
    stale = run("lint", "--repo", project, "--baseline", baseline)
    assert stale.code == 1
    assert "nothing matches app/views.py: INS203 users.user_name in greeting (number 1) any more" in stale.err


def test_formats_and_exit_zero(project):
    assert run("lint", "--repo", project, "--exit-zero").code == 0
    assert run("lint", "--repo", project, "--format", "github").out.startswith("::error file=app/views.py")
    sarif = json.loads(run("lint", "--repo", project, "--format", "sarif").out)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "INS203"


def test_without_a_repository_only_migrations_speak(tmp_path):
    folder = tmp_path / "plain"
    write(folder, {"app/models.py": BEFORE, "app/views.py": READ})
    assert run("lint", "--repo", folder).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no/such/file.py",), "there is no such file or folder"),
        (("/",), "outside the project"),
        (("--from", "nowhere"), "nowhere"),
        (("--env", "nowhere"), 'there is no environment "nowhere"'),
        (("--baseline", "missing.json"), "cannot be read"),
        (("--write-baseline",), "needs a file"),
        (("--changed-since", "nowhere"), "nowhere"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(project, arguments, said, monkeypatch):
    monkeypatch.chdir(project)
    done = run("lint", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_fix_leaves_nothing_that_it_could_mend_and_keeps_the_encoding(project):
    both = project / "app/both.py"
    text = (
        "# -*- coding: latin-1 -*-\nfrom app.accessors import users\nfrom app.models import User\n\n\n"
        "def f(user: User):\n    return 'é', user.user_name, user.display_name\n"
    )
    both.write_bytes(text.encode("latin-1"))
    marked = project / "app/marked.py"
    marked.write_bytes(text.replace("latin-1", "utf-8").replace("\n", "\r\n").encode("utf-8-sig"))
    assert "4 findings mended in 2 files" in run("fix", "--repo", project, both, marked).out
    once = "users.display_name(user)"
    expected = text.replace("user.user_name", once).replace("user.display_name", once)
    assert both.read_bytes() == expected.encode("latin-1")
    assert marked.read_bytes().decode("utf-8-sig") == expected.replace("latin-1", "utf-8").replace(
        "\n", "\r\n"
    )
    assert "0 findings mended" in run("fix", "--repo", project, both, marked).out


def test_fix_shows_then_writes_then_has_nothing_left(project):
    shown = run("fix", "--repo", project, "--diff")
    assert "+    return users.display_name(user)  # as it was\n" in shown.out
    assert (project / "app/views.py").read_text() == READ
    done = run("fix", "--repo", project)
    assert (done.code, "1 finding mended in 1 file, 0 left for you" in done.out) == (0, True)
    fixed = (project / "app/views.py").read_text()
    assert "from app.accessors import users\n" in fixed
    assert "    return users.display_name(user)  # as it was\n" in fixed
    assert codes(project) == []
    assert "0 findings mended" in run("fix", "--repo", project).out
    assert (project / "app/views.py").read_text() == fixed


def test_a_rename_between_two_versions_is_told(project):
    commit(project, {"app/models.py": BEFORE.replace("user_name", "login")}, "rename")
    versions = ("--from", "HEAD~1", "--to", "HEAD", "--repo", project)
    told = run("lint", *versions, "--rename", "users.user_name=login")
    assert "INS305" in run("lint", *versions).out
    assert "INS305" not in told.out
    assert f"app/views.py:{LINE}:17: INS201" in told.out
    assert "read login instead" in told.out
    wrong = run("lint", *versions, "--rename", "users.nothing=login")
    assert (wrong.code, len(wrong.err.splitlines())) == (2, 1)
    alone = run("lint", "--repo", project, "--rename", "users.user_name=login")
    assert (alone.code, alone.out) == (2, "")
    assert "--from" in alone.err
