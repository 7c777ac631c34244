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
from instar.dialects.sqlalchemy.mapping_text import case_of, entries
from instar.dialects.sqlalchemy.python_text import identifier, literal, slug, string
from instar.dialects.sqlalchemy.reader import read_models
from instar.dialects.sqlalchemy.replaced import replaced
from instar.dialects.sqlalchemy.templating import render
from instar.schema.migration import Replaced
from instar.schema.virtual import declared_after
from instar.sources import OverlaySource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from instar.config import Config
    from instar.dialects.sqlalchemy.mapping import MappedClass
    from instar.schema.migration import Deploy, FieldAccess, Migration
    from instar.schema.model import Field, Table
    from instar.sources import Source

_TableKey: TypeAlias = tuple[str | None, str]
_Fields: TypeAlias = "dict[str, FieldAccess]"


class AccessFiles(msgspec.Struct, frozen=True):
    """Accessor modules to be written or deleted, files whose calls of them are rewritten, and what stood there."""

    owned: dict[str, str | None]
    edited: dict[str, str]
    replaced: tuple[Replaced, ...] = ()


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
    calling = OverlaySource(source, _buffers(edited))
    inlined = inline_accessors(calling, config, finished)
    edited.update(inlined)
    _drop_empty_package(source, owned)
    return AccessFiles(
        owned,
        {path: text for path, text in edited.items() if path not in owned},
        tuple(
            passage
            for path, text in inlined.items()
            if path not in owned
            for passage in replaced(path, deploy.number, (calling.read(path) or b"").decode(), text)
        ),
    )


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
    imports = [line for line in imports if line != "from typing import Any"]
    typed = [name for name, used in (("Any", _any(functions)), ("cast", _casts(functions))) if used]
    return tidy(
        render(
            "accessors.py.jinja2",
            table=table.name,
            migration=migration,
            model=mapped.name,
            module=mapped.module,
            functions=functions,
            imports=imports,
            typed=typed,
            uses_sa=any(one["expression"] or one["query"] for one in functions),
            queries=any(function["query"] for function in functions),
        )
    )


def _lossy(access: FieldAccess) -> bool:
    """Whether code that writes both columns may have no value for the old one."""
    both = access.mode in {"read_old", "read_new"}
    return both and access.conversion is not None and access.conversion.down_default is None


def _any(functions: Sequence[Mapping[str, object]]) -> bool:
    """Whether a field's type is one that annotations have no name for, or a value may be missing."""
    return any(one["bare"] == "Any" or (one["lossy"] and one["down"]) for one in functions)


def _casts(functions: Sequence[Mapping[str, object]]) -> bool:
    """Whether the module has to tell a type checker what it cannot know."""
    return any(
        one["expression"]
        or one["query"]
        or one["mode"] == "read_new"
        or one["absent"]
        or (one["lossy"] and one["down"])
        for one in functions
    )


def _function(
    migration: Migration, mapped: MappedClass, home: Home, table: Table, access: FieldAccess
) -> dict[str, object]:
    """One field's part of the module, as the template reads it."""
    kind, imports = _annotation(access.field)
    target = migration.target.table(access.table, access.namespace)
    wanted = target.field(access.field.name) if target is not None else None
    optional = any(one is not None and one.optional for one in (wanted, access.old))
    name, model = _name(access), mapped.name
    fallback, expression, query = None, None, None
    if access.old is not None:
        fallback, expression, query = _from_old(migration, access, model, optional=optional)
    elif access.compute is not None:
        path, _, function = access.compute.partition(":")
        imports.append(f"from {home.dotted(path)} import {identifier(function)} as _compute_{name}")
        row = ", ".join(f"{string(f.name)}: row.{identifier(f.code_name)}" for f in table.fields)
        fallback = f"_compute_{name}({{{row}}})"
    elif access.default is not None:
        fallback, expression, query = _from_default(access.default.text)
    new = f"{model}.{name}"
    absent = None
    if access.old is not None and access.mode != "read_new" and query is None:
        old = identifier(access.old.code_name)
        if access.old.optional and access.conversion is not None:
            absent = "None"
        elif _lossy(access):  # a value that the old column cannot express is in the new one alone
            absent = f"row.{name}"
            expression = f"sa.case(({model}.{old}.is_(None), {new}), else_={expression})"
    keys = [identifier(f.code_name) for f in table.fields if f.name in table.primary_key]
    return {
        "name": name,
        "field": f"{table.name}.{access.field.name}",
        "type": f"{kind} | None" if optional else kind,
        "bare": kind,
        "imports": imports,
        "mode": access.mode,
        "old": identifier(access.old.code_name) if access.old is not None else None,
        "fallback": fallback,
        "query": None if access.mode == "read_new" else query,
        "where": ", ".join(f"{model}.{key} == row.{key}" for key in keys),
        "expression": _expression(access, new, expression),
        "down": _down(access, optional=optional),
        "lossy": _lossy(access),
        "absent": absent,
        "image": _up(access),
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
    migration: Migration, access: FieldAccess, model: str, *, optional: bool
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
    images: dict[object, object] = {}
    for key, image in conversion.mapping:
        images.setdefault(key, image)
    in_python = _image(images, f"row.{old}", conversion.up_default)
    if not optional and conversion.up_default is None:  # a value that nobody gave is not made up
        in_python = f"{entries(images)}[row.{old}]"
    default = literal(conversion.up_default)
    in_query = case_of(images, f"{model}.{old}", default, migration.backend)
    if access.old.optional:
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
        return literal(value), literal(value), None
    return None, f"sa.literal_column({string(f'({text})')})", text


def _down(access: FieldAccess, *, optional: bool) -> str | None:
    """The old value of a new one in Python; None where it takes SQL."""
    conversion = access.conversion
    if conversion is None:
        return "value"
    if conversion.down is not None or conversion.up is not None:
        return None
    back: dict[object, object] = {}
    for old, new in conversion.mapping:
        back.setdefault(new, old)
    image = _image(back, "value", conversion.down_default)
    return f"None if value is None else {image}" if optional else image


def _up(access: FieldAccess) -> str | None:
    """The new value of what the old column holds, in Python; None where it takes SQL or there is no conversion."""
    conversion = access.conversion
    if conversion is None or conversion.up is not None or access.old is None:
        return None
    images: dict[object, object] = {}
    for key, image in conversion.mapping:
        images.setdefault(key, image)
    return _image(images, f"row.{identifier(access.old.code_name)}", conversion.up_default)


def _image(images: Mapping[object, object], value: str, default: object) -> str:
    """The image of a value; None where it has none and the user gave no default."""
    otherwise = "" if default is None else f", {literal(default)}"
    return f"{entries(images)}.get({value}{otherwise})"


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
