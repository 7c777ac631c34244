"""One file per rule: its documentation, a bad and a good example, its check.

A rule is a module `insNNN_name_of_the_rule.py`. Its docstring is its documentation (`documentation.py` says which
sections it has), and it defines any of:

- `check(facts, deployment)`: findings in the facts of one file;
- `check_schema(deployment)`: findings at declarations, once for a project;
- `check_revision(revision, deployment)`: findings in one Alembic revision that is neither on the default branch nor
  applied anywhere yet, or in the new functions of a Convex file that rewrite a table;

and `OPT_IN = True` where it says nothing unless it is asked for. Nothing else lists the rules.
"""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import ModuleType

    from instar_lint.deployment import Deployment
    from instar_lint.facts import Fact
    from instar_lint.findings import Finding

    FactCheck = Callable[[Sequence[Fact], Deployment], Iterable[Finding]]
    from instar_lint.revisions import Revision

    SchemaCheck = Callable[[Deployment], Iterable[Finding]]
    RevisionCheck = Callable[[Revision, Deployment], Iterable[Finding]]

_FILE = re.compile(r"(ins\d{3})_(\w+)")


@cache
def files() -> dict[str, str]:
    """Code to module name of every rule, by code."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("ins*.py"))
    return {match[1].upper(): stem for stem in found if (match := _FILE.fullmatch(stem))}


@cache
def load(code: str) -> ModuleType:
    """The module of one rule."""
    return importlib.import_module(f"{__name__}.{files()[code]}")


def name_of(code: str) -> str:
    """The name of a rule in words: `index-not-deployed`."""
    match = _FILE.fullmatch(files()[code])
    assert match is not None
    return match[2].replace("_", "-")


@cache
def fact_checks() -> tuple[FactCheck, ...]:
    """The checks of every rule that reads facts, by code."""
    return tuple(check for code in files() if (check := getattr(load(code), "check", None)))


@cache
def schema_checks() -> tuple[SchemaCheck, ...]:
    """The checks of every rule that reads declarations, by code."""
    return tuple(check for code in files() if (check := getattr(load(code), "check_schema", None)))


@cache
def revision_checks() -> tuple[RevisionCheck, ...]:
    """The checks of every rule that reads Alembic revisions, by code."""
    return tuple(check for code in files() if (check := getattr(load(code), "check_revision", None)))
