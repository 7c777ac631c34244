"""The generated module that keeps two columns in step in the application, and its decorator on the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from instar.dialects.sqlalchemy.conversion import converted
from instar.dialects.sqlalchemy.layout import statement, tidy
from instar.dialects.sqlalchemy.mapping_text import case_by_bytes, entries
from instar.dialects.sqlalchemy.python_text import identifier, literal, slug, string
from instar.dialects.sqlalchemy.templating import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.dialects.sqlalchemy.conversion import Direction
    from instar.dialects.sqlalchemy.ddl.names import Backend
    from instar.schema.migration import FieldAccess, Migration

DECORATOR = "in_step"


def kept_by_code(access: FieldAccess) -> bool:
    """Whether the application itself keeps this field in step with the one that it replaces."""
    return access.mode in {"read_old", "read_new"} and access.old is not None


def in_step_module(migration: Migration, accesses: Sequence[FieldAccess]) -> str:
    """The source of the listeners for the fields of one table.

    Args:
        migration: The plan that they belong to.
        accesses: The table's fields whose two columns code writes, as the code of a deploy maps them.
    """
    return tidy(
        render(
            "in_step.py.jinja2",
            table=accesses[0].table,
            migration=migration,
            mariadb=migration.backend in {"mariadb", "mysql"},
            pairs=[_pair(access, _backend(migration.backend)) for access in accesses],
        )
    )


def _backend(name: str) -> Backend:
    if name in {"mariadb", "mysql"}:
        return "mariadb"
    return "sqlite" if name == "sqlite" else "postgresql"


def _pair(access: FieldAccess, backend: Backend) -> dict[str, object]:
    assert access.old is not None
    old, new = identifier(access.old.code_name), identifier(access.field.code_name)
    up, down = f"_{slug(old, 'to', new)}", f"_{slug(new, 'to', old)}"
    names = (old, new) if access.mode == "read_old" else (new, old)
    ways = (up, down) if access.mode == "read_old" else (down, up)
    return {
        "old": old,
        "new": new,
        "up_name": up,
        "down_name": down,
        "up": _image(access, "up", backend),
        "down": _image(access, "down", backend),
        "first": names[0],
        "second": names[1],
        "first_to_second": ways[0],
        "second_to_first": ways[1],
    }


def _image(access: FieldAccess, direction: Direction, backend: Backend) -> str:
    """The body of a function from a value of one column to that of the other: in Python, or as SQL."""
    conversion, field = access.conversion, access.old if direction == "up" else access.field
    if conversion is None:
        return "    return value"
    assert field is not None
    if (conversion.up if direction == "up" else conversion.down) is not None:
        sql = converted(conversion, direction, field, ":instar_value", backend)
        text = string(_bound(sql))
        return "\n".join(
            (
                "    if isinstance(value, sa.ColumnElement):",
                statement('raise NotImplementedError("write both columns: the database computes this")', 2),
                statement(f"statement = sa.text({text})"),
                '    return statement.bindparams(sa.bindparam("instar_value", value, unique=True))',
            )
        )
    return _mapped(access, direction, backend)


def _bound(sql: str) -> str:
    """SQL in which only the value is a parameter."""
    return sql.replace("\\", "\\\\").replace(":", "\\:").replace("\\:instar_value", ":instar_value")


def _mapped(access: FieldAccess, direction: Direction, backend: Backend) -> str:
    conversion = access.conversion
    assert conversion is not None
    pairs: dict[object, object] = {}
    for old, new in conversion.mapping:
        key, image = (old, new) if direction == "up" else (new, old)
        pairs.setdefault(key, image)
    default = conversion.up_default if direction == "up" else conversion.down_default
    otherwise = "" if default is None else f", {literal(default)}"
    by_bytes = case_by_bytes("images", "value", "otherwise", keys=pairs, backend=backend)
    return "\n".join(
        (
            statement(f"images: dict[Any, Any] = {entries(pairs)}"),
            "    if isinstance(value, sa.ColumnElement):",
            statement(f"otherwise = sa.case((value.is_(None), None), else_={literal(default)})", 2),
            statement(f"return {by_bytes}", 2),
            f"    return None if value is None else images.get(value{otherwise})",
        )
    )


def with_decorator(text: str, model: str, module: str | None) -> str:
    """The source of a model with the decorator on one class, or without it.

    Args:
        text: The module that declares the class.
        model: The name of the class.
        module: Where the decorator is imported from; None takes it away.
    """
    return text if module is None and DECORATOR not in text else _decorated(text, model, module)


def _decorated(text: str, model: str, module: str | None) -> str:
    from libcst.codemod import CodemodContext  # noqa: PLC0415 - only where a model is edited
    from libcst.codemod.visitors import RemoveImportsVisitor  # noqa: PLC0415 - likewise

    from instar.dialects.sqlalchemy.editing.import_order import with_import  # noqa: PLC0415 - likewise

    alias = f"{slug(model)}_{DECORATOR}"
    tree = cst.parse_module(text)
    edit = _Decorate(model, alias, add=module is not None)
    changed = tree.visit(edit)
    if not edit.changed:
        return text
    if module is not None:
        return with_import(changed, module, DECORATOR, alias).code
    context = CodemodContext()
    for imported in _imported(tree, alias):
        RemoveImportsVisitor.remove_unused_import(context, imported, DECORATOR, alias)
    return RemoveImportsVisitor(context).transform_module(changed).code


def _imported(tree: cst.Module, alias: str) -> list[str]:
    """The modules that a name is imported from under this alias."""
    found = []
    for line in tree.body:
        for node in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            if (
                isinstance(node, cst.ImportFrom)
                and node.module is not None
                and not isinstance(node.names, cst.ImportStar)
            ):
                names = {one.evaluated_alias for one in node.names}
                if alias in names:
                    found.append(tree.code_for_node(node.module))
    return found


class _Decorate(cst.CSTTransformer):
    def __init__(self, model: str, alias: str, *, add: bool) -> None:
        super().__init__()
        self.changed = False
        self._model, self._alias, self._add = model, alias, add

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802 - LibCST's naming
        if original_node.name.value != self._model:
            return updated_node
        others = [one for one in updated_node.decorators if not self._is_ours(one)]
        there = len(others) < len(updated_node.decorators)
        if there == self._add:
            return updated_node
        self.changed = True
        ours = [cst.Decorator(cst.Name(self._alias))] if self._add else []
        return updated_node.with_changes(decorators=[*ours, *others])

    def _is_ours(self, one: cst.Decorator) -> bool:
        return isinstance(one.decorator, cst.Name) and one.decorator.value == self._alias
