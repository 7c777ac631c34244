"""Where a new import goes: what is printed is what ruff's isort rules leave alone."""

import subprocess
import sys

import libcst as cst
import pytest

from instar.dialects.sqlalchemy.editing.imports import with_imports

ANNOTATIONS = "from __future__ import annotations\n"
ALL = f'''"""Models."""

{ANNOTATIONS}
import os
from datetime import datetime
from pathlib import Path  # for files

import click
from sqlalchemy import Integer
from sqlalchemy.orm import Mapped

from .base import Base


class User(Base): ...
'''

PLACES = [
    (ALL, ("json", None), "import json\nimport os\n"),
    (ALL, ("uuid", "UUID"), "from pathlib import Path  # for files\nfrom uuid import UUID\n\n"),
    (ALL, ("decimal", "Decimal"), "from datetime import datetime\nfrom decimal import Decimal\nfrom pathlib"),
    (ALL, ("datetime", "date"), "from datetime import date, datetime\n"),
    (ALL, ("sqlalchemy", None), "import click\nimport sqlalchemy\nfrom sqlalchemy import Integer\n"),
    (ALL, ("sqlalchemy.dialects", "postgresql"), "Integer\nfrom sqlalchemy.dialects import postgresql\nfrom"),
    (ALL, ("zope", "event"), "import Mapped\nfrom zope import event\n\nfrom .base"),
    (f"{ANNOTATIONS}\nx = 1\n", ("json", None), f"{ANNOTATIONS}\nimport json\n\nx = 1\n"),
    ('"""Only words."""\n\nx = 1\n', ("json", None), '"""Only words."""\n\nimport json\n\nx = 1\n'),
    ("x = 1\n", ("json", None), "import json\n\nx = 1\n"),
    ("import click\n", ("json", None), "import json\n\nimport click\n"),
    ("import json\n", ("click", None), "import json\n\nimport click\n"),
    (
        "# the header\n\n# about click\nimport click\n",
        ("alembic", "op"),
        "# the header\n\n# about click\nimport click\nfrom alembic import op\n",
    ),
    (
        '"""Doc."""\n\n# about flask\nimport flask\n',
        ("click", None),
        '"""Doc."""\n\nimport click\n\n# about flask\nimport flask\n',
    ),
]


@pytest.mark.parametrize(("text", "needed", "printed"), PLACES)
def test_an_import_joins_its_section_in_order(text, needed, printed):
    added = with_imports(cst.parse_module(text), [needed]).code
    assert printed in added
    compile(added, "models.py", "exec")
    order = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "I", "-"]
    assert subprocess.run(order, input=added, capture_output=True, text=True, check=False).returncode == 0


def test_what_is_there_is_not_added_again():
    needed = [("os", None), ("pathlib", "Path"), ("sqlalchemy.orm", "Mapped")]
    assert with_imports(cst.parse_module(ALL), needed).code == ALL
