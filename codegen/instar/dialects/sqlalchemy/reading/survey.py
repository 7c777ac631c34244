"""From the files of a version to its mapped classes and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.assemble import Assembly
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.continuum import version_tables
from instar.dialects.sqlalchemy.reading.execute import execute
from instar.dialects.sqlalchemy.reading.local_classes import local_classes, makers_of, seems_mapped
from instar.dialects.sqlalchemy.reading.scopes import LocalScope
from instar.dialects.sqlalchemy.reading.tables import Tables
from instar.dialects.sqlalchemy.reading.values import Applied, Member, SqlOperation, Value
from instar.dialects.sqlalchemy.reading.versioned import histories
from instar.dialects.sqlalchemy.reading.vocabulary import COLUMNS
from instar.schema.model import Opaque

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.dialects.sqlalchemy.reading.project import Project
    from instar.dialects.sqlalchemy.reading.scopes import ModuleScope
    from instar.schema.model import Table

_STEPS = 5_000
"""What following one function for the sake of its classes may cost."""

_LOOPS = ("Index", "Table", "type", "append_column", "append_constraint")


class Survey:
    """All classes and tables of a project.

    Attributes:
        classes: Every class of the modules that were surveyed, in order; those made by calls of `type` last.
        tables: Their drafts.
        variables: Module-level Core tables, by qualified variable.
        imperative: Pairs of a class and what it was mapped to by hand.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.classes: list[ClassValue] = []
        self.tables = Tables(project)
        self.variables: dict[str, Applied] = {}
        self.imperative: list[tuple[ClassValue, Value]] = []

    def run(self, paths: Iterable[str]) -> tuple[Table, ...]:
        """Read the files and assemble their tables."""
        modules = [module for path in paths if (module := self.project.module(path)) is not None]
        for module in modules:
            self._assignments(module)
        makers = frozenset(name for module in modules for name in makers_of(module))
        for module in modules:
            self._module(module, makers)
        self._created(0)
        self._local(modules)
        self._imperative()
        self.tables.drafts += list(histories(self.project, self.tables.drafts))
        self.tables.drafts += list(version_tables(self.tables.drafts))
        self._unmapped()
        assembly = Assembly(self.project, self.tables)
        return assembly.assemble()

    def _module(self, module: ModuleScope, makers: frozenset[str]) -> None:
        for name in list(module.bindings.names):
            for binding in module.bindings.names[name]:
                statement = binding.statement
                if isinstance(statement, s.Class) and statement is module.bindings.definition(name):
                    value = module.bindings.get(name)
                    if isinstance(value, ClassValue):
                        self._class(value)
                elif isinstance(statement, s.Bind) and _called(statement.value) in makers:
                    self._make(module, statement.value)
                elif isinstance(statement, s.Bind) and _may_be_table(statement.value):
                    self._variable(module, name)
        for effect in module.bindings.effects:
            if isinstance(effect, s.Evaluate) and _called(effect.value) in makers:
                self._make(module, effect.value)
            else:
                self._effect(module, effect)

    def _make(self, module: ModuleScope, call: s.Expr | None) -> None:
        """`PostTag = make_tag("post")`: the classes that the function defines count as made by this call."""
        if call is not None:
            with self.project.evaluator.limited(_STEPS):
                self.project.evaluator.evaluate(call, module)

    def _class(self, owner: ClassValue) -> None:
        self.classes.append(owner)
        self.project.declared.run_hooks(owner)
        if self.tables.of_class(owner) is None:
            self._tables_inside(owner)
        for name in list(owner.body.names):
            if isinstance(owner.body.definition(name), s.Class):
                inner = owner.body.get(name)
                if isinstance(inner, ClassValue):
                    self._class(inner)

    def _tables_inside(self, owner: ClassValue) -> None:
        """Core tables and indexes in the body of a class that only holds them together."""
        for name in list(owner.body.names):
            statement = owner.body.definition(name)
            if isinstance(statement, s.Bind) and _may_be_table(statement.value):
                value = owner.body.get(name)
                if isinstance(value, Applied) and name != "__table__":
                    self._seen(value)
        for effect in owner.body.effects:
            value = self.project.effect(effect, owner.inside)
            if isinstance(value, Applied):
                self._seen(value)

    def _created(self, start: int) -> None:
        """Classes that functions made while others were read; reading them may make more."""
        created = self.project.evaluator.created
        while start < len(created) and start < 5_000:
            self._class(created[start])
            start += 1

    def _local(self, modules: Iterable[ModuleScope]) -> None:
        """Classes inside functions that nothing called; one that maps a known table again is a private copy."""
        made = {id(each.definition) for each in self.project.evaluator.created}
        for module in modules:
            for owner in local_classes(module, self.project.evaluator):
                if id(owner.definition) in made:
                    continue
                name = self.project.declared.tablename(owner)
                if any(draft.name == name for draft in self.tables.drafts):
                    continue
                self._class(owner)
                if self.tables.of_class(owner) is None and seems_mapped(owner):
                    reason = f"{owner.name} is made inside a function, and its table is not known"
                    self.tables.opaque.append(Opaque(reason=reason, place=owner.place))

    def _unmapped(self) -> None:
        """Classes that declare columns for others to inherit, and nothing does: who uses them was not seen."""
        used = {
            id(base)
            for owner in self.classes
            if self.tables.of_class(owner) is not None
            for base in owner.ancestors
        } | {id(owner) for owner, _ in self.imperative}
        said = {part.place for part in self.tables.opaque}
        for owner in self.classes:
            if id(owner) not in used and owner.place not in said and self._declares_columns(owner):
                reason = (
                    f"{owner.name} declares columns, and no class that is known to map a table inherits them"
                )
                self.tables.unmapped(reason, owner)

    def _declares_columns(self, owner: ClassValue) -> bool:
        if "sqlmodel" in self.project.declared.roots(owner):
            return False  # a model of plain data
        written = [name for name in owner.body.names if _calls(owner.body.definition(name))]
        values = [owner.body.get(name) for name in written]
        return any(
            isinstance(value, Applied) and self.project.vocabulary.meaning(value.callee) in COLUMNS
            for value in values
        )

    def _variable(self, module: ModuleScope, name: str) -> None:
        value = module.bindings.get(name)
        if not isinstance(value, Applied):
            return
        meaning = self.project.vocabulary.meaning(value.callee)
        if meaning == "Table" and self.tables.of_call(value) is not None:
            self.variables[f"{module.name}.{name}"] = value
        elif meaning == "Index":
            self._attach(value)

    def _assignments(self, module: ModuleScope) -> None:
        """`User.name = Column(...)`, `Base.metadata.naming_convention = {...}` at module level."""
        for effect in module.bindings.effects:
            if _sets_attributes(effect):
                self._set_attributes(module, effect)
            elif isinstance(effect, s.BindAttribute):
                target = self.project.evaluator.evaluate(effect.target, module)
                if isinstance(target, ClassValue):
                    target.body.set(effect.name, self.project.evaluator.evaluate(effect.value, module))
                elif effect.name == "naming_convention":
                    metadata = self.project.declared.metadata_of(target)
                    if isinstance(metadata, Applied):
                        metadata.keywords[effect.name] = self.project.evaluator.evaluate(effect.value, module)

    def _set_attributes(self, module: ModuleScope, effect: s.Statement) -> None:
        """`setattr(User, name, Column(...))`, alone or in a loop."""
        execute(self.project.evaluator, [effect], LocalScope(module, {}))

    def _effect(self, module: ModuleScope, effect: s.Statement) -> None:
        if isinstance(effect, s.For):
            if not _sets_attributes(effect) and any(word in repr(effect.body) for word in _LOOPS):
                self._loop(module, effect)
            return
        value = self.project.effect(effect, module)
        if isinstance(value, Applied):
            self._seen(value)

    def _seen(self, value: Applied) -> None:
        """A call that stands as a statement of its own."""
        meaning = self.project.vocabulary.meaning(value.callee)
        name = getattr(value.callee, "name", "")
        if meaning == "Index":
            self._attach(value)
        elif meaning == "Table":
            self.tables.of_call(value)
        elif name in {"append_constraint", "append_column"} and isinstance(value.callee, Member):
            self._append(value.callee.owner, value)
        elif name in {"map_imperatively", "mapper"} and len(value.arguments) > 1:
            owner, table = value.arguments[:2]
            if isinstance(owner, ClassValue):
                self.imperative.append((owner, table))

    def _loop(self, module: ModuleScope, effect: s.For) -> None:
        """A loop at module level that makes tables or indexes; each call is seen where it is an expression of its own."""
        evaluator = self.project.evaluator
        for item in (evaluator.iterate(evaluator.evaluate(effect.iterable, module)) or [])[:200]:
            scope = LocalScope(module, {})
            evaluator.assign(effect.target, item, scope)
            for statement in effect.body:
                value = self.project.effect(statement, scope)
                if isinstance(value, Applied):
                    self._seen(value)
                elif value is None:
                    execute(evaluator, [statement], scope)
            for value in scope.variables.values():
                if isinstance(value, Applied) and self.project.vocabulary.meaning(value.callee) == "Table":
                    self.tables.of_call(value)

    def _attach(self, index: Applied) -> None:
        """An index at module level belongs to the table of its first column."""
        for part in _leaves(index.arguments):
            draft = self.tables.of_reference(part)
            if draft is not None:
                draft.arguments.append((index, None))
                return

    def _append(self, owner: Value, value: Applied) -> None:
        draft = self.tables.of_reference(owner)
        if draft is not None and value.arguments and isinstance(value.arguments[0], Applied):
            self.tables.append(draft, value.arguments[0])

    def _imperative(self) -> None:
        for _, table in self.imperative:
            self.tables.of_reference(table)


def _sets_attributes(effect: s.Statement) -> bool:
    match effect:
        case s.Evaluate(value=s.Call(function=s.Name(id="setattr"))):
            return True
        case s.For(body=body):
            return any(_sets_attributes(each) for each in body)
        case _:
            return False


def _calls(statement: s.Statement | None) -> bool:
    return isinstance(statement, s.Bind) and isinstance(statement.value, s.Call)


def _called(value: s.Expr | None) -> str:
    """The last name of the function that an expression calls."""
    match value:
        case s.Call(function=s.Attr(name=name) | s.Name(id=name)):
            return name
        case _:
            return ""


def _may_be_table(value: s.Expr | None) -> bool:
    """Whether an assignment's value looks like a call that gives a table or an index."""
    name = _called(value)
    return name.lower().endswith("table") or name == "Index" or "table" in name.lower()


def _leaves(values: Iterable[Value]) -> Iterator[Value]:
    """The columns inside expressions."""
    for value in values:
        if isinstance(value, Member):
            yield value
            yield from _leaves([value.owner])
        elif isinstance(value, Applied):
            yield from _leaves(value.arguments)
            yield from _leaves([value.callee])
        elif isinstance(value, SqlOperation):
            yield from _leaves(value.operands)
