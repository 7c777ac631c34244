"""The frontend reads any file: the standard library, its tests, installed packages, and what no one should write."""

import sysconfig
import time
from pathlib import Path

import pytest

from instar_lint.python import Watch, facts_of
from instar_lint.python.parsing import decoded
from python_frontend import facts, knowledge

STDLIB = Path(sysconfig.get_path("stdlib"))
PURELIB = Path(sysconfig.get_path("purelib"))
EVERYTHING = Watch(everything=True)


def read_all(files):
    """Read every file; returns those that took longer than two seconds of CPU time, twice in a row."""
    known = knowledge()
    slow = []
    for file in files:
        text = decoded(file.read_bytes())
        for _ in range(2):
            began = time.process_time()
            facts_of(text, file.as_posix(), known, EVERYTHING)
            if time.process_time() - began < 2:
                break
        else:
            slow.append(file)
    return slow


def python_files(folder):
    return sorted(f for f in folder.rglob("*.py") if "site-packages" not in f.relative_to(folder).parts)


def test_a_sample_of_the_standard_library_is_read():
    assert read_all(python_files(STDLIB)[::25]) == []


@pytest.mark.soak
def test_the_whole_standard_library_is_read():
    assert read_all(python_files(STDLIB)) == []


@pytest.mark.soak
@pytest.mark.parametrize("package", ["sqlalchemy", "sqlglot", "mypy"])
def test_large_packages_are_read(package):
    assert read_all(python_files(PURELIB / package)) == []


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 150 + "1" + ")" * 150,
        "x = " + "-" * 5000 + "1",
        "x = a" + ".b" * 3000,
        "x = a" + "()" * 3000,
        "x = " + " + ".join(["a"] * 5000),
        "\n".join("    " * depth + "if x:" for depth in range(90)) + "\n" + "    " * 90 + "pass",
        "def f(:\n",
        "\x00",
        "",
        "\ufeffx = 1",
        "# -*- coding: latin-1 -*-\nx = 'é'",
        "class A(A): pass",
        "x = y\ny = x",
        "from app.views import x",
        "def f():\n    return f()",
        "class A(B): pass\nclass B(A):\n    def m(self): return self.m().n\n",
    ],
    ids=lambda text: repr(text[:24]),
)
def test_no_text_is_too_strange(text):
    facts(text, header=False)


def test_bytes_that_are_no_utf8_are_read():
    assert "user.name" in decoded(b"x = '\xff\xfe'\nuser.name\n")
    assert decoded(b"# coding: latin-1\nx = '\xe9'") == "# coding: latin-1\nx = 'é'"
    assert decoded(b"# coding: nonsense\nx = 1").endswith("x = 1")


def test_a_file_of_twenty_thousand_lines_is_read_in_time():
    text = "".join(f"def f{n}(user: User):\n    x = user.name\n    return x\n\n" for n in range(5000))
    began = time.process_time()
    found = facts(text)
    assert len(found) == 5000
    assert time.process_time() - began < 10
