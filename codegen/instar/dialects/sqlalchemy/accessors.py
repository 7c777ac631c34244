"""The generated functions through which code reads a field in transition, one module a table."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from instar.dialects.sqlalchemy.accessor_callers import Inlined, inline_accessors
from instar.dialects.sqlalchemy.accessor_home import Home, class_of
from instar.dialects.sqlalchemy.editing.style import IMPORTED, PLAIN
from instar.dialects.sqlalchemy.layout import tidy
from instar.dialects.sqlalchemy.listeners import listener_files
from instar.dialects.sqlalchemy.mapping_text import case_by_bytes
from instar.dialects.sqlalchemy.python_text import identifier, slug, string
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.templating import render
from instar.schema.virtual import declared_after
from instar.sources import OverlaySource

if TYPE_CHECKING:
    from instar.config import Config
    from instar.dialects.sqlalchemy.mapping import MappedClass
    from instar.schema.migration import Deploy, FieldAccess, Migration
    from instar.schema.model import Field, Table
    from instar.sources import Source

_TableKey: TypeAlias = tuple[str | None, str]
_Fields: TypeAlias = "dict[str, FieldAccess]"


class AccessFiles(msgspec.Struct, frozen=True):
    """Accessor modules to be written or deleted, and files whose calls of them are rewritten."""

    owned: dict[str, str | None]
    edited: dict[str, str]


def access_files(source: Source, config: Config, migration: Migration, deploy: Deploy) -> AccessFiles:
    """What happens to accessors in a deploy.

    Args:
        source: The files with the deploy's source edits.
        config: The project's configuration.
        migration: The plan.
        deploy: The deploy.

    Raises:
        InstarError: No class maps a table whose field needs an accessor.
    """
    before, after = _live(migration, deploy.number - 1), _live(migration, deploy.number)
    if not before and not after:
        return AccessFiles({}, {})
    models = read_models(source, config).models
    listeners = listener_files(source, config, migration, deploy.number)
    owned, edited = dict(listeners.owned), dict(listeners.edited)
    finished: list[Inlined] = []
    for key in sorted({*before, *after}, key=str):
        mapped = class_of(models, key)
        home = Home(mapped, config)
        path = f"{home.folder}/{slug(key[0] or '', key[1])}.py"
        names = _finished(migration, deploy.number, key, before.get(key, {}), after.get(key, {}))
        if names:
            finished.append(Inlined(home.dotted(path), names, mapped.qualified))
        if key in after:
            table = declared_after(migration, deploy.number).table(key[1], key[0])
            assert table is not None
            owned[path] = _module(migration, mapped, home, table, tuple(after[key].values()))
            package = f"{home.folder}/__init__.py"
            if source.read(package) is None:
                owned[package] = render("accessors_package.py.jinja2")
        else:
            owned[path] = None
    edited.update(inline_accessors(OverlaySource(source, _buffers(edited)), config, finished))
    _drop_empty_package(source, owned)
    return AccessFiles(owned, {path: text for path, text in edited.items() if path not in owned})


def _buffers(texts: dict[str, str]) -> dict[str, bytes | None]:
    return {path: text.encode() for path, text in texts.items()}


def _finished(
    migration: Migration, number: int, key: _TableKey, before: _Fields, after: _Fields
) -> tuple[tuple[str, str], ...]:
    """The accessors that go in a deploy, each with the attribute that takes its place."""
    table = declared_after(migration, number).table(key[1], key[0])
    found = []
    for stored, one in before.items():
        if stored not in after or _name(after[stored]) != _name(one):
            field = table.field(stored) if table is not None else None
            found.append((_name(one), identifier((field or one.field).code_name)))
    return tuple(found)


def _drop_empty_package(source: Source, owned: dict[str, str | None]) -> None:
    """The package goes with its last module."""
    folders = {path.rpartition("/")[0] for path, text in owned.items() if text is None}
    for folder in folders:
        package = f"{folder}/__init__.py"
        left = {
            file.path
            for file in source.files((".py",))
            if file.path.startswith(f"{folder}/") and owned.get(file.path, "") is not None
        }
        if left == {package} and (source.read(package) or b"").decode() == render(
            "accessors_package.py.jinja2"
        ):
            owned[package] = None


def _live(migration: Migration, number: int) -> dict[_TableKey, dict[str, FieldAccess]]:
    """The accessors that exist after a deploy: by table, by the field's stored name."""
    found: dict[_TableKey, dict[str, FieldAccess]] = {}
    for deploy in migration.deploys[: max(number, 0)]:
        for step in deploy.steps:
            for access in step.access:
                fields = found.setdefault((access.namespace, access.table), {})
                if access.mode == "plain":
                    fields.pop(access.field.name, None)
                else:
                    fields[access.field.name] = access
    return {key: fields for key, fields in found.items() if fields}


def _name(access: FieldAccess) -> str:
    return identifier(access.field.code_name)


def _module(
    migration: Migration, mapped: MappedClass, home: Home, table: Table, fields: tuple[FieldAccess, ...]
) -> str:
    functions = [_function(migration, mapped, home, table, access) for access in fields]
    imports = sorted({line for function in functions for line in function["imports"]})  # type: ignore[attr-defined]  # a list
    return tidy(
        render(
            "accessors.py.jinja2",
            table=table.name,
            migration=migration,
            model=mapped.name,
            module=mapped.module,
            functions=functions,
            imports=imports,
            uses_cast=any(function["expression"] or function["query"] for function in functions),
            queries=any(function["query"] for function in functions),
        )
    )


def _function(
    migration: Migration, mapped: MappedClass, home: Home, table: Table, access: FieldAccess
) -> dict[str, object]:
    """One field's part of the module, as the template reads it."""
    kind, imports = _annotation(access.field)
    name, model = _name(access), mapped.name
    fallback, expression, query = None, None, None
    if access.old is not None:
        fallback, expression, query = _from_old(migration, access, model)
        kind = f"{kind} | None" if access.old.optional else kind
    elif access.compute is not None:
        path, _, function = access.compute.partition(":")
        imports.append(f"from {home.dotted(path)} import {identifier(function)} as _compute_{name}")
        row = ", ".join(f"{string(f.name)}: row.{identifier(f.code_name)}" for f in table.fields)
        fallback = f"_compute_{name}({{{row}}})"
    elif access.default is not None:
        fallback, expression, query = _from_default(access.default.text)
    new = f"{model}.{name}"
    return {
        "name": name,
        "field": f"{table.name}.{access.field.name}",
        "type": kind,
        "imports": imports,
        "mode": access.mode,
        "old": identifier(access.old.code_name) if access.old is not None else None,
        "fallback": fallback,
        "query": query,
        "key": [identifier(f.code_name) for f in table.fields if f.name in table.primary_key],
        "expression": _expression(access, new, expression),
        "down": _down(access),
        "until": _until(migration, access),
    }


def _expression(access: FieldAccess, new: str, fallback: str | None) -> str | None:
    """The SQLAlchemy expression of the field for queries, where there is one."""
    if access.mode == "read_new":
        return new
    if fallback is None:
        return None
    return fallback if access.mode == "read_old" else f"sa.func.coalesce({new}, {fallback})"


def _from_old(
    migration: Migration, access: FieldAccess, model: str
) -> tuple[str | None, str | None, str | None]:
    """The old value converted: in Python, in a query's expression, or by a query of its own.

    An old field that may be empty has no image there.
    """
    conversion = access.conversion
    assert access.old is not None
    old = identifier(access.old.code_name)
    if conversion is None:
        return f"row.{old}", f"{model}.{old}", None
    if conversion.up is not None:
        return None, f"sa.literal_column({string(f'({conversion.up})')})", conversion.up
    images = dict(reversed(conversion.mapping))
    pairs = ", ".join(f"{key!r}: {value!r}" for key, value in images.items())
    default = conversion.up_default
    in_python = f"{{{pairs}}}[row.{old}]" if default is None else f"{{{pairs}}}.get(row.{old}, {default!r})"
    in_query = case_by_bytes(
        f"{{{pairs}}}", f"{model}.{old}", repr(default), keys=images, backend=migration.backend
    )
    if access.old.optional:
        in_python = f"None if row.{old} is None else {in_python}"
        in_query = f"sa.case(({model}.{old}.is_not(None), {in_query}))"
    return in_python, in_query, None


def _from_default(text: str) -> tuple[str | None, str | None, str | None]:
    """A default of the user: a literal as itself, SQL over the row by a query."""
    plain = text
    if len(text) > 1 and text[0] == text[-1] == "'":
        plain = repr(text[1:-1].replace("''", "'"))
    try:
        value = ast.literal_eval(plain)
    except (ValueError, SyntaxError):
        value = {"true": True, "false": False}.get(text.lower())
    if value is not None:
        return repr(value), repr(value), None
    return None, f"sa.literal_column({string(f'({text})')})", text


def _down(access: FieldAccess) -> str | None:
    """The old value of a new one in Python; None where it takes SQL."""
    conversion = access.conversion
    if conversion is None:
        return "value"
    if conversion.down is not None or conversion.up is not None:
        return None
    back: dict[object, object] = {}
    for old, new in conversion.mapping:
        back.setdefault(new, old)
    pairs = ", ".join(f"{key!r}: {value!r}" for key, value in back.items())
    default = conversion.down_default
    image = f"{{{pairs}}}[value]" if default is None else f"{{{pairs}}}.get(value, {default!r})"
    return f"None if value is None else {image}" if access.old is not None and access.old.optional else image


def _until(migration: Migration, access: FieldAccess) -> int:
    """The deploy that removes the accessor."""
    for deploy in migration.deploys:
        for step in deploy.steps:
            for one in step.access:
                if one.mode == "plain" and one.field.name == access.field.name:
                    return deploy.number
    return len(migration.deploys)


def _annotation(field: Field) -> tuple[str, list[str]]:
    """The field's type in an annotation, and the imports that it needs."""
    kind = type(field.type)
    if kind in PLAIN:
        return PLAIN[kind], []
    if kind in IMPORTED:
        module, name = IMPORTED[kind]
        return name, [f"from {module} import {name}"]
    return "Any", ["from typing import Any"]
