"""History tables that a mixin's `__mapper_cls__` makes beside each table.

The recipe is SQLAlchemy's own example (`examples/versioned_history`), which applications copy and adapt: a function
beside the mixin calls `Table` with a name computed from the mapped table's, the copies of its columns, and some more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.columns import column_of
from instar.dialects.sqlalchemy.reading.values import Applied, FunctionValue
from instar.dialects.sqlalchemy.reading.vocabulary import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.dialects.sqlalchemy.reading.classes import ClassValue
    from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft, TableDraft
    from instar.dialects.sqlalchemy.reading.project import Project
    from instar.dialects.sqlalchemy.reading.scopes import ModuleScope


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a module's history function makes of a table.

    Attributes:
        before: What stands before the table's name in the name of its history.
        after: What stands after it.
        function: The function.
    """

    before: str
    after: str
    function: FunctionValue


def histories(project: Project, drafts: Iterable[TableDraft]) -> Iterator[TableDraft]:
    """The history tables of mapped tables; columns that the recipe adds to a mapped table are added to it."""
    drafts = list(drafts)
    names = {draft.key for draft in drafts}
    for draft in drafts:
        recipe = _recipe(project, draft.owner) if draft.owner is not None else None
        if recipe is None or draft.owner is None:
            continue
        history = draft.beside(f"{recipe.before}{draft.name}{recipe.after}")
        for column in draft.columns.values():
            keys = [replace(key, type_only=True) for key in column.foreign_keys]
            history.add(replace(column, unique=False, source=None, foreign_keys=keys))
        for column, to_mapped in _added(project, recipe.function, draft):
            (draft if to_mapped else history).add(column)
        if history.key not in names:
            names.add(history.key)
            yield history


def _recipe(project: Project, owner: ClassValue) -> Recipe | None:
    found = owner.find("__mapper_cls__")
    if found is None or not isinstance(found[1], FunctionValue):
        return None
    return _in_module(project, found[0].module)


def _in_module(project: Project, module: ModuleScope) -> Recipe | None:
    for function in module.functions():
        for call in _calls(function.definition):
            callee = project.evaluator.evaluate(call.function, module)
            if project.vocabulary.meaning(callee) == "Table" and call.arguments:
                around = _around(call.arguments[0])
                if around is not None:
                    return Recipe(*around, function)
    return None


def _around(name: s.Expr) -> tuple[str, str] | None:
    """The constant text before and after the one part of a name that is computed."""
    parts: list[s.Expr]
    match name:
        case s.Operation(operator="+", operands=operands):
            parts = operands
        case s.Format(parts=formatted):
            parts = formatted
        case s.Operation(operator="%", operands=[s.Const(value=str() as text), _]) if text.count("%s") == 1:
            before, _, after = text.partition("%s")
            return before, after
        case _:
            return None
    texts = [part.value if isinstance(part, s.Const) else None for part in parts]
    if texts.count(None) != 1:
        return None
    position = texts.index(None)
    return "".join(map(str, texts[:position])), "".join(map(str, texts[position + 1 :]))


def _added(
    project: Project, function: FunctionValue, draft: TableDraft
) -> Iterator[tuple[ColumnDraft, bool]]:
    """The columns that the recipe adds: to the history, or by `append_column` to the mapped table."""
    appended = {
        id(argument)
        for call in _calls(function.definition)
        if isinstance(call.function, s.Attr) and call.function.name == "append_column"
        for argument in call.arguments
    }
    for call in _calls(function.definition):
        callee = project.evaluator.evaluate(call.function, function.module)
        if project.vocabulary.meaning(callee) not in COLUMNS or not call.arguments:
            continue
        if not (isinstance(call.arguments[0], s.Const) and isinstance(call.arguments[0].value, str)):
            continue
        value = project.evaluator.evaluate(call, function.module)
        if isinstance(value, Applied):
            place = value.place or draft.place
            column = column_of(project, "", value, None, owner=None, place=place)
            column.attribute = column.name
            yield column, id(call) in appended


def _calls(part: object) -> Iterator[s.Call]:
    """Every call inside a statement, in the order of the text."""
    if isinstance(part, s.Call):
        yield part
    if isinstance(part, msgspec.Struct):
        for name in part.__struct_fields__:
            yield from _calls(getattr(part, name))
    elif isinstance(part, list | tuple):
        for each in part:
            yield from _calls(each)
