"""Computed table names: the static reader gives what the same functions give when Python runs them."""

import textwrap

import pytest

from instar.config import Config
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.reading.cache import Cache
from instar.schema.diff import diff
from instar.sources import FolderSource, OverlaySource

CLASSES = ["User", "CaseNotes", "HTTPRequestLog", "A", "Data2Source"]
NAMES = {
    "split at capitals": """
        names = re.split("(?=[A-Z])", name)
        return "_".join([x.lower() for x in names if x])
    """,
    "find words": 'return "_".join(w.lower() for w in re.findall("[A-Z][^A-Z]*", name))',
    "two substitutions": r"""
        first = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
        return re.sub("([a-z0-9])([A-Z])", r"\1_\2", first).lower()
    """,
    "a compiled pattern": 'return CAPITALS.sub("_", name).lower()',
    "a compiled pattern with flags": 'return "".join(LETTERS.split(name)) + "x"',
    "a function of the match": 'return re.sub(r"[A-Z]", lambda m: "_" + m.group(0).lower(), name).lstrip("_")',
    "a named function of the match": 'return re.sub(r"(?P<big>[A-Z])", lowered, name)[1:]',
    "letter by letter": """
        return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))
    """,
    "parts of a string": "return name[0].lower() + name[1:] + name[-1:] + name[:2]",
    "a loop": """
        out = ""
        for letter in name:
            if letter.isupper() and out:
                out += "_"
            out += letter.lower()
        return out
    """,
    "map": 'return "_".join(map(str.lower, filter(None, re.split("([A-Z][a-z]+)", name))))',
    "formats": 'return f"{PREFIX}_{name.lower()}s" if not name.endswith("s") else "%s_%s" % (PREFIX, name.lower())',
    "a replacement of a table": 'return IRREGULAR.get(name, name.lower() + "s")',
}
HEAD = r"""
import re
CAPITALS = re.compile(r"(?<!^)(?=[A-Z])")
LETTERS = re.compile("[aeiou]", re.IGNORECASE)
PREFIX = "app".upper().lower()
IRREGULAR = {"Data2Source": "sources"}
def lowered(match):
    return "_" + match["big"].lower()
"""


def naming(body: str) -> str:
    return f"{HEAD}\ndef table_name(name):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"


def read(tmp_path, **files: str):
    encoded = {f"app/{name}.py": textwrap.dedent(text).encode() for name, text in files.items()}
    return read_models(OverlaySource(FolderSource(tmp_path), encoded), Config(), Cache(None)).schema


BASE = """
from sqlalchemy.orm import DeclarativeBase, declared_attr
from app.naming import table_name

class Base(DeclarativeBase):
    @declared_attr.directive
    def __tablename__(cls):
        return table_name(cls.__name__)
"""


def models(*classes: str) -> str:
    head = "from sqlalchemy import Column, Integer\nfrom app.base import Base\n"
    return head + "".join(
        f"class {name}(Base):\n    id = Column(Integer, primary_key=True)\n" for name in classes
    )


@pytest.mark.parametrize("body", NAMES.values(), ids=NAMES)
def test_a_table_has_the_name_that_python_computes(tmp_path, body):
    namespace = {}
    exec(naming(body), namespace)
    schema = read(tmp_path, naming=naming(body), base=BASE, models=models(*CLASSES))
    assert not schema.opaque
    assert {table.name for table in schema.tables} == {namespace["table_name"](name) for name in CLASSES}


@pytest.mark.parametrize(
    "body",
    [
        'return re.sub("(a+)+$", "", name)',
        "return re.sub(PATTERN_OF_ELSEWHERE, '', name)",
        "return secrets_of_elsewhere.name_for(name)",
        'return re.sub("(", "", name)',
    ],
)
def test_a_name_that_cannot_be_computed_is_no_drop(tmp_path, body):
    before = read(tmp_path, naming=naming("return name.lower()"), base=BASE, models=models("User"))
    after = read(tmp_path, naming=naming(body), base=BASE, models=models("User"))
    assert [table.name for table in before.tables] == ["user"]
    assert not after.tables
    assert "the table name of User is not known" in after.opaque[0].reason
    assert diff(before, after) == diff(after, before) == ()
