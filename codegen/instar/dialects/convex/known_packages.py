"""Packages whose exports stand in Convex schemas: with values of their own, or described in TypeScript in `known/`.

A package is described in its current version. Other packages are opaque.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from instar.dialects.convex.ents import CONVEX_ENTS
from instar.dialects.convex.modules import Module, read_module
from instar.dialects.convex.vocabulary import CONVEX_SERVER, CONVEX_VALUES
from instar.dialects.convex.zod import CONVEX_HELPERS_ZOD, ZOD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instar.dialects.convex.values import Value

_FOLDER: Final = Path(__file__).parent / "known"
_FILES: Final = {
    "convex-helpers/validators": "convex_helpers_validators.ts",
    "convex-helpers/server": "convex_helpers_server.ts",
    "convex-helpers/server/migrations": "convex_helpers_migrations.ts",
    "convex-helpers/server/rateLimit": "convex_helpers_rate_limit.ts",
    "@convex-dev/auth/server": "convex_auth_server.ts",
    "@convex-dev/agent": "convex_agent.ts",
    "@convex-dev/agent/validators": "convex_agent.ts",
    "@convex-dev/workflow": "convex_components.ts",
    "@convex-dev/workpool": "convex_components.ts",
    "@convex-dev/action-retrier": "convex_components.ts",
}

_EVALUATED: Final = {
    "convex/values": CONVEX_VALUES,
    "convex/server": CONVEX_SERVER,
    "convex-ents": CONVEX_ENTS,
    "convex-helpers/server/zod": CONVEX_HELPERS_ZOD,
    "convex-helpers/server/zod3": CONVEX_HELPERS_ZOD,
    "convex-helpers/server/zod4": CONVEX_HELPERS_ZOD,
    "zod": ZOD,
    "zod/v3": ZOD,
    "zod/v4": ZOD,
}


def evaluated_package(specifier: str) -> Mapping[str, Value] | None:
    """The exports of a package whose own values the evaluator knows, or None where it is not one of these."""
    return _EVALUATED.get(specifier)


@cache
def known_module(specifier: str) -> Module | None:
    """The description of a package, or None where there is none."""
    name = _FILES.get(specifier)
    return read_module(f"<{specifier}>", (_FOLDER / name).read_bytes()) if name is not None else None
