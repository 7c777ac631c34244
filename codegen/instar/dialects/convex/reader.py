"""`convex/schema.ts` to a schema, from any source, without running it."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from typing import TYPE_CHECKING

from instar.dialects.convex.resolution import parse_jsonc
from instar.dialects.convex.syntax import SUFFIXES
from instar.errors import InstarError
from instar.schema.model import Opaque, Place, Schema

if TYPE_CHECKING:
    from instar.config import Config
    from instar.dialects.convex.program import Program
    from instar.schema.migration import DeployModel
    from instar.sources import Source

_SCHEMA_NAMES = tuple(f"schema{suffix}" for suffix in SUFFIXES)
_NOT_OURS = ("node_modules", "dist", "build", "_generated", "templates", "examples", "test", "tests")
_ASIDE = re.compile(
    r"(?i)(^|[/_.-])(tests?|examples?|templates?|demos?|fixtures?|playground|sandbox)([/_.-])"
)


class ConvexReader:
    """Reads Convex projects."""

    name = "convex"
    deploy_model: DeployModel = "atomic"

    def detects(self, source: Source) -> bool:
        """A `convex.json`, or a `convex/schema.ts` in any folder."""
        return bool(find_schema_files(source))

    def read(self, source: Source, config: Config) -> Schema:
        """The schema that the tree declares; an empty one where it declares none.

        Raises:
            InstarError: Several schemas are found and the configuration does not say which one counts.
        """
        return self.read_with_files(source, config)[0]

    @staticmethod
    def read_with_files(source: Source, config: Config) -> tuple[Schema, tuple[str, ...]]:
        """The schema, and the files that it came from.

        Raises:
            InstarError: Several schemas are found and the configuration does not say which one counts.
        """
        path = schema_path(source, config)
        if path is None:
            return Schema(dialect="convex"), ()
        from instar.dialects.convex.program import Program  # noqa: PLC0415 - finding the file needs no parser

        program = Program(source)
        return _read(program, path), program.consulted


READER = ConvexReader()


def read_schema(source: Source, path: str) -> Schema:
    """The schema that the default export of one file declares."""
    from instar.dialects.convex.program import Program  # noqa: PLC0415 - finding the file needs no parser

    return _read(Program(source), path)


def _read(program: Program, path: str) -> Schema:
    from instar.dialects.convex.tables import schema_of  # noqa: PLC0415 - finding the file needs no parser
    from instar.dialects.convex.values import SchemaValue, Unknown  # noqa: PLC0415 - loads the TypeScript parser

    value = program.export(path, "default")
    unreadable = program.unreadable
    if isinstance(value, SchemaValue):
        return schema_of(value, unreadable.values())
    if isinstance(value, Unknown):
        reason = value.reason
        if reason == "default is not exported":
            reason = "the schema must be the default export of its file: export default defineSchema({ … })"
        opaque = Opaque(reason=reason, place=value.place or Place(path, 1, 1))
    else:
        opaque = Opaque(reason="the default export is no defineSchema(…)", place=Place(path, 1, 1))
    return Schema(dialect="convex", opaque=(opaque,), unreadable=tuple(unreadable.values()))


def schema_path(source: Source, config: Config) -> str | None:
    """The file that declares the schema: as configured, else the one `convex/schema.ts` of the tree."""
    if config.schema:
        files = [file.path for file in source.files(SUFFIXES)]
        wanted = [pattern.removeprefix("./") for pattern in config.schema]
        found = [path for path in files if any(fnmatch.fnmatchcase(path, pattern) for pattern in wanted)]
        folders = [posixpath.join(pattern.rstrip("/"), name) for pattern in wanted for name in _SCHEMA_NAMES]
        found += [path for path in files if path in folders]
    else:
        found = find_schema_files(source)
    if len(found) > 1:
        listed = ", ".join(found[:4])
        raise InstarError(
            f'found several Convex schemas: {listed}. Tell which one counts: schema = ["{found[0]}"] in [tool.instar].'
        )
    return found[0] if found else None


def accessor_folder(config: Config, functions: str) -> str:
    """Where accessor modules go; `functions` is the folder of the schema."""
    return config.accessors or posixpath.join(functions, "model")


def find_schema_files(source: Source) -> list[str]:
    """The schema of each Convex project of the tree; the one nearest to the root alone where it is nearest."""
    found: list[str] = []
    files = {file.path for file in source.files((*SUFFIXES, "convex.json"))}
    for path in sorted(files):
        folder, name = posixpath.split(path)
        parts = folder.split("/")
        if name == "convex.json":
            data = source.read(path)
            config = parse_jsonc(data) if data is not None else None
            functions = config.get("functions") if isinstance(config, dict) else None
            if isinstance(functions, str):
                base = posixpath.normpath(posixpath.join(folder, functions))
                found += [p for p in (posixpath.join(base, one) for one in _SCHEMA_NAMES) if p in files]
        elif name in _SCHEMA_NAMES and parts[-1] == "convex" and not set(parts) & set(_NOT_OURS):
            found.append(path)
    unique = sorted(dict.fromkeys(found), key=lambda path: (path.count("/"), path))
    nearest = [path for path in unique if path.count("/") == unique[0].count("/")]
    # `packages/convex-test` beside `packages/database` is no application.
    return [path for path in nearest if not _ASIDE.search(path)] or nearest
