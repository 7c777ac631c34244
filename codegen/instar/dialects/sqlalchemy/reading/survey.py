"""From the files of a version to its mapped classes and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.assemble import Assembly
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.execute import execute
from instar.dialects.sqlalchemy.reading.local_classes import local_classes, seems_mapped
from instar.dialects.sqlalchemy.reading.scopes import LocalScope
from instar.dialects.sqlalchemy.reading.tables import Tables
from instar.dialects.sqlalchemy.reading.values import Applied, Member, SqlOperation, Value
from instar.dialects.sqlalchemy.reading.vocabulary import COLUMNS, CONSTRAINTS
from instar.schema.model import Opaque

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from instar.dialects.sqlalchemy.reading.project import Project
    from instar.dialects.sqlalchemy.reading.scopes import ModuleScope
    from instar.schema.model import Table

_LOOPS = ("Index", "Table", "setattr", "type")


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
        for module in modules:
            self._module(module)
        self._created(0)
        self._local(modules)
        self._imperative()
        self._unmapped()
        assembly = Assembly(self.project, self.tables)
        return assembly.assemble()

    def _module(self, module: ModuleScope) -> None:
        for name in list(module.bindings.names):
            for binding in module.bindings.names[name]:
                statement = binding.statement
                if isinstance(statement, s.Class) and statement is module.bindings.definition(name):
                    value = module.bindings.get(name)
                    if isinstance(value, ClassValue):
                        self._class(value)
                elif isinstance(statement, s.Bind) and _may_be_table(statement.value):
                    self._variable(module, name)
        for effect in module.bindings.effects:
            self._effect(module, effect)

    def _class(self, owner: ClassValue) -> None:
        self.classes.append(owner)
        self.project.declared.run_hooks(owner)
        self.tables.of_class(owner)
        for name in list(owner.body.names):
            if isinstance(owner.body.definition(name), s.Class):
                inner = owner.body.get(name)
                if isinstance(inner, ClassValue):
                    self._class(inner)

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
                self.tables.opaque.append(Opaque(reason=reason, place=owner.place))

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
            if isinstance(effect, s.BindAttribute):
                target = self.project.evaluator.evaluate(effect.target, module)
                if isinstance(target, ClassValue):
                    target.body.set(effect.name, self.project.evaluator.evaluate(effect.value, module))
                elif effect.name == "naming_convention":
                    metadata = self.project.declared.metadata_of(target)
                    if isinstance(metadata, Applied):
                        metadata.keywords[effect.name] = self.project.evaluator.evaluate(effect.value, module)

    def _effect(self, module: ModuleScope, effect: s.Statement) -> None:
        if isinstance(effect, s.For):
            if any(word in repr(effect.body) for word in _LOOPS):
                self._loop(module, effect)
            return
        value = self.project.effect(effect, module)
        if not isinstance(value, Applied):
            return
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
                if isinstance(value, Applied) and self.project.vocabulary.meaning(value.callee) == "Index":
                    self._attach(value)
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
        if draft is not None and value.arguments:
            part = value.arguments[0]
            if self.project.vocabulary.calls(part, CONSTRAINTS | {"Index"}):
                draft.arguments.append((part, None))

    def _imperative(self) -> None:
        for _, table in self.imperative:
            self.tables.of_reference(table)


def _calls(statement: s.Statement | None) -> bool:
    return isinstance(statement, s.Bind) and isinstance(statement.value, s.Call)


def _may_be_table(value: s.Expr | None) -> bool:
    """Whether an assignment's value looks like a call that gives a table or an index."""
    if not isinstance(value, s.Call):
        return False
    function = value.function
    name = (
        function.name if isinstance(function, s.Attr) else function.id if isinstance(function, s.Name) else ""
    )
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
