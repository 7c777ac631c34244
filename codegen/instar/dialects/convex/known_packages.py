"""Packages whose exports stand in Convex schemas, described in TypeScript in the folder `known/`.

A package is described in its current version. Other packages are opaque.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from instar.dialects.convex.modules import Module, read_module

_FOLDER: Final = Path(__file__).parent / "known"
_FILES: Final = {
    "convex-helpers/validators": "convex_helpers_validators.ts",
    "convex-helpers/server": "convex_helpers_server.ts",
    "convex-helpers/server/migrations": "convex_helpers_migrations.ts",
    "convex-helpers/server/rateLimit": "convex_helpers_rate_limit.ts",
    "convex-helpers/server/zod": "convex_helpers_zod.ts",
    "convex-helpers/server/zod3": "convex_helpers_zod.ts",
    "convex-helpers/server/zod4": "convex_helpers_zod.ts",
    "zod": "zod.ts",
    "zod/v3": "zod.ts",
    "zod/v4": "zod.ts",
    "@convex-dev/auth/server": "convex_auth_server.ts",
}


@cache
def known_module(specifier: str) -> Module | None:
    """The description of a package, or None where there is none."""
    name = _FILES.get(specifier)
    return read_module(f"<{specifier}>", (_FOLDER / name).read_bytes()) if name is not None else None
