"""The identity of files on disk: git's object ids, hashed once, and never taken from a table that cannot be trusted."""

from __future__ import annotations

import marshal
from pathlib import Path

import pytest

from commands import commit, git, write
from instar.sources import FolderSource, open_repository
from instar_lint.contents import content_ids


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("instar.sources.disk.RECENT", 0)
    return write(tmp_path / "project", {"a.py": "x = 1\n", "b.py": "y = 1\n"})


class Counting(FolderSource):
    """A folder that says how many files were read."""

    count = 0

    def read_many(self, paths):
        wanted = list(paths)
        self.count += len(wanted)
        return super().read_many(wanted)


def ids(folder: Path, *, writes: bool = True) -> tuple[dict[str, str], int]:
    source = Counting(folder)
    return content_ids(source, source.files((".py",)), str(folder), writes=writes), source.count


def test_a_file_is_hashed_when_it_is_new_or_changed(folder):
    first, count = ids(folder)
    assert count == 2
    assert ids(folder) == (first, 0)
    write(folder, {"a.py": "x = 2\n", "c.py": ""})
    changed, count = ids(folder)
    assert count == 2
    assert changed["a.py"] != first["a.py"]
    assert changed["b.py"] == first["b.py"]


def test_the_ids_are_those_of_git(folder):
    revision = commit(folder, {})
    source = open_repository(folder).source(revision)
    assert ids(folder)[0] == content_ids(source, source.files((".py",)), str(folder))
    assert ids(folder)[0]["a.py"] == git(folder, "rev-parse", "HEAD:a.py").strip()


def test_a_worker_keeps_nothing(folder, tmp_path):
    assert ids(folder, writes=False)[1] == 2
    assert not (tmp_path / "cache").exists()


def test_a_file_that_has_just_changed_is_hashed_every_time(folder, monkeypatch):
    monkeypatch.setattr("instar.sources.disk.RECENT", 3600 * 10**9)
    assert [ids(folder)[1] for _ in range(2)] == [2, 2]


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: b"",
        lambda kept: b"\xff",
        lambda kept: kept[: len(kept) // 2],
        lambda kept: marshal.dumps(1),
        lambda kept: marshal.dumps((marshal.loads(kept)[0], {"a.py": 5, "b.py": ("x",)})),
        lambda kept: marshal.dumps(((99, ""), {})),
    ],
)
def test_a_damaged_or_newer_table_is_made_again(folder, tmp_path, damage):
    first, _ = ids(folder)
    (kept,) = (tmp_path / "cache/contents").iterdir()
    kept.write_bytes(damage(kept.read_bytes()))
    assert ids(folder) == (first, 2)
    assert ids(folder) == (first, 0)
