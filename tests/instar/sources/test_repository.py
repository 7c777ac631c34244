import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from instar.errors import InstarError
from instar.sources import LARGEST_FILE, FolderSource, OverlaySource, open_repository

IDENTITY = {
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments],
        env=os.environ | IDENTITY,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "project"
    (root / "app").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / "app" / "models.py").write_text("one = 1\n")
    (root / "app" / "ümläut.py").write_text("two = 2\n")
    (root / ".gitignore").write_text("ignored.py\n")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "first")
    (root / "app" / "models.py").write_text("one = 11\n")
    git(root, "commit", "-qam", "second")
    return root


def test_a_ref_is_read_without_a_checkout(repository):
    opened = open_repository(repository / "app")
    before = opened.source("HEAD~1")
    assert before.read("app/models.py") == b"one = 1\n"
    assert opened.source("main").read("app/models.py") == b"one = 11\n"
    assert [file.path for file in before.files((".py",))] == ["app/models.py", "app/ümläut.py"]
    assert before.files((".py",))[0].blob == git(repository, "rev-parse", "HEAD~1:app/models.py")
    assert before.read("app") is None
    assert before.read("no/such.py") is None
    assert opened.changed_paths("HEAD~1", "HEAD") == ("app/models.py",)


def test_a_bare_repository_has_refs_and_no_work_tree(repository, tmp_path):
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    opened = open_repository(tmp_path / "bare.git")
    assert opened.source("main").read("app/models.py") == b"one = 11\n"
    assert opened.default_branch() == "main"
    with pytest.raises(InstarError, match="bare repository"):
        opened.source("WORKTREE")


def test_the_work_tree_is_what_git_tracks_or_would_track(repository):
    (repository / "app" / "new.py").write_text("three = 3\n")
    (repository / "ignored.py").write_text("four = 4\n")
    (repository / "app" / "models.py").write_text("one = 111\n")
    opened = open_repository(repository)
    disk = opened.source("WORKTREE")
    assert [file.path for file in disk.files((".py",))] == ["app/models.py", "app/new.py", "app/ümläut.py"]
    assert disk.read("app/models.py") == b"one = 111\n"
    assert opened.changed_paths("HEAD", "WORKTREE") == ("app/models.py", "app/new.py")


def test_nothing_outside_is_read_and_no_symlink_followed(repository, tmp_path):
    (tmp_path / "secret.py").write_text("secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "models.py").write_text("secret")
    (repository / "link.py").symlink_to(tmp_path / "secret.py")
    (repository / "folder").symlink_to(tmp_path / "elsewhere")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "links")
    for source in (
        open_repository(repository).source("WORKTREE"),
        open_repository(repository).source("HEAD"),
        FolderSource(repository),
    ):
        assert "link.py" not in [file.path for file in source.files((".py",))]
        assert source.read("link.py") is None
        assert source.read("folder/models.py") is None
        assert source.read("../secret.py") is None
        assert source.read(str(tmp_path / "secret.py")) is None


def test_a_huge_file_is_listed_and_not_read(repository):
    (repository / "huge.py").write_bytes(b"#" * (LARGEST_FILE + 1))
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "huge")
    for ref in ("HEAD", "WORKTREE"):
        source = open_repository(repository).source(ref)
        assert {file.path: file.size for file in source.files((".py",))}["huge.py"] == LARGEST_FILE + 1
        assert source.read("huge.py") is None
        assert set(source.read_many(["huge.py", "app/models.py"])) == {"app/models.py"}


def test_nothing_that_a_repository_names_is_started(repository, tmp_path):
    witness = tmp_path / "witness"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\necho run >> {witness}\n")
    trap.chmod(0o755)
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
        (hooks / hook).write_text(trap.read_text())
        (hooks / hook).chmod(0o755)
    for key, value in {
        "core.fsmonitor": str(trap),
        "core.hooksPath": str(hooks),
        "core.sshCommand": str(trap),
        "core.pager": str(trap),
        "core.editor": str(trap),
        "core.askPass": str(trap),
        "core.worktree": str(tmp_path),
        "diff.external": str(trap),
        "diff.trap.textconv": str(trap),
        "filter.trap.clean": str(trap),
        "filter.trap.smudge": str(trap),
        "filter.trap.process": str(trap),
        "gpg.program": str(trap),
        "log.showSignature": "true",
        "remote.origin.url": f"ext::{trap}",
        "remote.origin.promisor": "true",
        "remote.origin.uploadpack": str(trap),
        "protocol.ext.allow": "always",
        "extensions.partialClone": "origin",
        "alias.ls-tree": f"!{trap}",
        "alias.cat-file": f"!{trap}",
    }.items():
        git(repository, "-c", "core.fsmonitor=false", "config", key, value)
    (repository / ".gitattributes").write_text("*.py filter=trap diff=trap\n")
    (repository / "app" / "models.py").write_text("one = 1111\n")
    blob = git(repository, "-c", "core.fsmonitor=false", "rev-parse", "HEAD:app/models.py")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    witness.unlink(missing_ok=True)

    opened = open_repository(repository)
    assert opened.root == repository
    assert opened.default_branch() == "main"
    assert opened.source("HEAD").read("app/models.py") is None
    assert opened.source("HEAD").read("app/ümläut.py") == b"two = 2\n"
    assert opened.source("WORKTREE").read("app/models.py") == b"one = 1111\n"
    assert opened.source("WORKTREE").files((".py",))
    assert opened.changed_paths("HEAD~1", "HEAD") == ("app/models.py",)
    assert "app/models.py" in opened.changed_paths("HEAD", "WORKTREE")
    opened.merge_base("HEAD", "HEAD~1")
    assert not witness.exists(), witness.read_text()


def test_an_unknown_ref_names_near_ones(repository):
    git(repository, "branch", "feature-names")
    with pytest.raises(InstarError, match="Did you mean feature-names"):
        open_repository(repository).resolve("feature-name")
    for ref in ("--help", "", "-h", "nul\0"):
        with pytest.raises(InstarError, match="names no commit"):
            open_repository(repository).resolve(ref)


def test_two_refs_meet_at_their_merge_base(repository):
    git(repository, "checkout", "-q", "-b", "side", "HEAD~1")
    git(repository, "commit", "-q", "--allow-empty", "-m", "side")
    opened = open_repository(repository)
    assert opened.merge_base("side", "main") == opened.resolve("main~1")
    git(repository, "checkout", "-q", "--orphan", "alone")
    git(repository, "commit", "-q", "--allow-empty", "-m", "alone")
    with pytest.raises(InstarError, match="share no history"):
        opened.merge_base("alone", "main")


def test_a_folder_without_git_says_so_and_can_be_read_as_one(tmp_path):
    (tmp_path / "models.py").write_text("one = 1\n")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "other.py").write_text("")
    with pytest.raises(InstarError, match="not in a git repository"):
        open_repository(tmp_path)
    assert [file.path for file in FolderSource(tmp_path).files((".py",))] == ["models.py"]
    with pytest.raises(InstarError, match="no folder"):
        open_repository(tmp_path / "nowhere")


@pytest.mark.skipif(not os.path.ismount("/dev/shm"), reason="no file system of its own to look in")
def test_no_repository_up_to_a_mount_point():
    with (
        tempfile.TemporaryDirectory(dir="/dev/shm") as folder,
        pytest.raises(InstarError, match="not in a git repository"),
    ):
        open_repository(Path(folder))


def test_a_buffer_covers_the_file_below_it(repository):
    below = open_repository(repository).source("HEAD")
    above = OverlaySource(below, {"app/models.py": b"buffer", "app/more.py": b"", "app/ümläut.py": None})
    assert above.read("app/models.py") == b"buffer"
    assert [file.path for file in above.files((".py",))] == ["app/models.py", "app/more.py"]
    assert dict(above.read_many(["app/models.py", "app/ümläut.py"])) == {"app/models.py": b"buffer"}


def test_an_empty_repository_has_no_default_branch(tmp_path):
    git(tmp_path, "init", "-q")
    with pytest.raises(InstarError, match="names no commit"):
        open_repository(tmp_path).default_branch()
