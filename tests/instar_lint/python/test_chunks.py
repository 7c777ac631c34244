"""The statements at the top of a module, told apart without parsing it, are those that Python's parser finds."""

import ast
import sysconfig
import warnings
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path

import pytest

from instar_lint.python.chunks import chunks_of
from instar_lint.python.parsing import decoded

STDLIB = Path(sysconfig.get_path("stdlib"))
FILES = sorted(f for f in STDLIB.rglob("*.py") if "site-packages" not in f.relative_to(STDLIB).parts)
DEFINED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def parsed(text: str) -> list[tuple[int, str | None]] | None:
    """The first line of every line of statements, and what it defines; None where it is no Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return None
    found: dict[int, str | None] = {}
    for one in tree.body:
        line = min([one.lineno, *(d.lineno for d in getattr(one, "decorator_list", []))])
        found.setdefault(line, one.name if isinstance(one, DEFINED) else None)
    return list(found.items())


def told_apart(text: str) -> list[tuple[int, str | None]] | None:
    chunks = chunks_of(text)
    lines = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    return chunks and [(bisect_right(lines, chunk.start), chunk.name) for chunk in chunks]


@pytest.mark.parametrize("path", FILES[::40], ids=lambda path: path.name)
def test_files_of_the_standard_library(path):
    text = decoded(path.read_bytes()).replace("\r\n", "\n")
    expected = parsed(text)
    if expected:
        assert told_apart(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "def f(): pass\nclass A: pass\nasync def g(): pass\n",
        "@one\n@two(\n1)\n# why\ndef f():\n    pass\n",
        "if x:\n    a = 1\nelif y:\n    b = 1\nelse:\n    c = 1\ntry:\n    pass\nexcept E:\n    pass\nfinally:\n    d = 1\n",
        "x = \"\"\"\ndef f():\n\"\"\"\ny = '''\\'''\nclass A: pass\n'''\n",
        "x = (\n1, # )\n')',\n)\ny = 1 + \\\n2\n",
        "def f():\n    x = 1\n# a comment in between\n    return x\n\n\nz = f()\n",
        "\n\n# first\n\x0cx = 1\n\x0c\ndef f(): pass\n",
        'r"\\""\nb\'\\\'\'\n""\n\'\'\n"""""" or 1\n',
        "x = 1; y = 2\nimport a; import b\n",
    ],
)
def test_what_may_be_mistaken(text):
    assert told_apart(text) == parsed(text)


@pytest.mark.parametrize("text", ["x = (", "x = )", "x = '", 'x = """', "@decorated\n"])
def test_what_cannot_be_told_apart(text):
    assert chunks_of(text) is None


def test_comments_behind_a_statement_do_not_belong_to_it():
    text = 'x = """\n# inside"""\n# behind\n\ny = 1\n# behind\n'
    assert [text[c.start : c.end].rstrip() for c in chunks_of(text)] == ['x = """\n# inside"""', "y = 1"]
