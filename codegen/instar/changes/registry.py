"""Finds the module of a kind of change, by the files of this package."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from types import ModuleType

    from instar.changes.base import Planner
    from instar.schema.change import ChangeKind
    from instar.schema.migration import DeployModel


@functools.cache
def modules() -> dict[str, ModuleType]:
    """The modules of this package that plan a kind, by kind."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))
    found = [importlib.import_module(f"instar.changes.{name}") for name in names]
    return {kind: module for module in found for kind in getattr(module, "KINDS", ())}


def planner(kind: ChangeKind, deploy_model: DeployModel) -> Planner | None:
    """How a kind is planned in a deploy model; None where it is not."""
    module = modules().get(kind)
    return cast("Planner | None", getattr(module, deploy_model, None))
