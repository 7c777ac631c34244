"""The story that `instar demo` tells, as a process of its own."""

import os
import subprocess
import sys


def test_without_git_the_story_compares_snapshots_and_says_so(tmp_path):
    empty = tmp_path / "bin"
    empty.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "instar", "demo"],
        cwd=tmp_path,
        env=os.environ | {"PATH": str(empty)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "There is no git on this machine" in done.stdout
    assert "INS101" in done.stdout
    assert "5,200 rows compared, 0 differ." in done.stdout


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("kept")
    done = subprocess.run(
        [sys.executable, "-m", "instar", "demo", "--keep", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("instar: the folder ")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
