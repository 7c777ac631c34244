"""Every place that would feel the removal of a field, and how sure that is: what `instar uses` answers."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from instar.contracts import Access, UseRecord, UsesDocument
from instar.errors import InstarError
from instar_lint.facts import FieldUse, Unresolved
from instar_lint.python.collect import collect
from instar_lint.python.templates import collect_templates
from instar_lint.python.watch import FieldKey, Watch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.config import Config
    from instar.schema.model import Schema
    from instar.sources import Source
    from instar_lint.facts import Fact
    from instar_lint.python.knowledge import Knowledge

_TIERS = {"proven": 0, "likely": 1, "possible": 2}
_MIGRATIONS = re.compile(r"(?:^|/)(?:migrations|[\w-]*(?:migration|alembic)[\w-]*/(?:.*/)?versions)/")


def fields_named(schema: Schema, name: str) -> tuple[FieldKey, ...]:
    """The fields that `[SCHEMA.]TABLE.FIELD` means: of every table of that name that has the field.

    Raises:
        InstarError: The name has no dot, or no version of the schema has such a table.
    """
    parts = name.split(".")
    if len(parts) not in (2, 3) or not all(parts):
        raise InstarError(
            f'"{name}" is not a field. Write TABLE.FIELD or SCHEMA.TABLE.FIELD: users.user_name'
        )
    namespace, table, field = parts if len(parts) == 3 else [None, *parts]
    tables = [t for t in schema.tables if t.name == table and (namespace is None or t.namespace == namespace)]
    if not tables:
        near = difflib.get_close_matches(str(table), [t.name for t in schema.tables], n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else " instar snapshot lists the tables."
        raise InstarError(f'there is no table "{table}" in this version.{hint}')
    having = [t for t in tables if t.field(str(field)) is not None]
    return tuple((t.namespace, t.name, str(field)) for t in having or tables)


def uses_of(source: Source, knowledge: Knowledge, config: Config, fields: Iterable[FieldKey]) -> UsesDocument:
    """Look for the uses of fields in a version's Python code and templates.

    Args:
        source: The version.
        knowledge: What is known of the same version.
        config: Its `code` and `exclude` say which files count.
        fields: (namespace, table, stored field) of each.
    """
    return _document(_facts(source, knowledge, config, Watch(fields=frozenset(fields), dynamic=True)))


def typescript_uses(
    source: Source, schema: Schema, config: Config, fields: Iterable[FieldKey]
) -> UsesDocument:
    """Look for the uses of fields in a version's TypeScript code, and name their declarations.

    Args:
        source: The version.
        schema: What it declares.
        config: Its `code` and `exclude` say which files count.
        fields: (namespace, table, stored field) of each.
    """
    return _document(_typescript_facts(source, schema, config, frozenset(fields)))


def _typescript_facts(
    source: Source, schema: Schema, config: Config, fields: frozenset[FieldKey]
) -> Iterator[Fact]:
    from instar_lint.typescript.collect import collect as collect_typescript  # noqa: PLC0415 - loads its parser

    wanted = {(table, field) for _, table, field in fields}
    for namespace, name, stored in sorted(fields, key=repr):
        table = schema.table(name, namespace)
        field = table.field(stored) if table is not None else None
        if field is not None and field.place is not None:
            yield FieldUse(place=field.place, name=stored, table=name, access="read", via="declaration")
    for path, facts in collect_typescript(source, (schema,), {field for _, field in wanted}):
        for fact in facts if counts(path, config) else ():
            if not isinstance(fact, FieldUse) or (fact.table, fact.name) in wanted:
                yield fact


def _document(facts: Iterable[Fact]) -> UsesDocument:
    best: dict[tuple[str, int, int, Access], UseRecord] = {}
    unresolved = 0
    for fact in facts:
        if isinstance(fact, Unresolved):
            unresolved += 1
        elif isinstance(fact, FieldUse):
            record = _record(fact)
            key = (record.path, record.line, record.column, record.access)
            if key not in best or _TIERS[record.confidence] < _TIERS[best[key].confidence]:
                best[key] = record
    return UsesDocument(uses=tuple(best[key] for key in sorted(best)), unresolved=unresolved)


def _facts(source: Source, knowledge: Knowledge, config: Config, watch: Watch) -> Iterator[Fact]:
    paths = [file.path for file in source.files((".py",)) if counts(file.path, config)]
    for _, facts in collect(source, knowledge, watch, paths):
        yield from facts
    for _, facts in collect_templates(source, knowledge, watch):
        yield from facts


def counts(path: str, config: Config) -> bool:
    """Whether a file is application code: configured, and neither excluded nor a migration."""
    if config.code and not any(
        path == part or path.startswith(f"{part.rstrip('/')}/") for part in config.code
    ):
        return False
    if any(path == part or path.startswith(f"{part.rstrip('/')}/") for part in config.exclude):
        return False
    if config.alembic and path.startswith(f"{config.alembic.rstrip('/')}/"):
        return False
    return _MIGRATIONS.search(path) is None


def _record(fact: FieldUse) -> UseRecord:
    access: Access = fact.access
    if fact.via == "declaration":
        access = "schema"
    elif fact.via == "schema":
        access = "name"
    return UseRecord(
        path=fact.place.path,
        line=fact.place.line,
        column=fact.place.column,
        access=access,
        confidence=fact.confidence,
    )
