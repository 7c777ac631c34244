"""What a class declares to SQLAlchemy: whether it is mapped, to which table, under which metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from instar.dialects.sqlalchemy.library_bases import LIBRARY_BASES
from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.calls import apply, call_with
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.values import (
    MISSING,
    Applied,
    BoundMethod,
    FunctionValue,
    Member,
    Missing,
    Symbol,
    Unknown,
    Value,
)
from instar.dialects.sqlalchemy.reading.vocabulary import (
    DECLARATIVE,
    ENUMS,
    FACTORIES,
    PLAIN_BASES,
    PLAIN_LIBRARIES,
)

if TYPE_CHECKING:
    from instar.config import BaseConfig
    from instar.dialects.sqlalchemy.reading.project import Project

Root = Literal["declarative", "flask", "sqlmodel", "library", "plain", "unknown"]


class Declarations:
    """Answers about the classes of a project, each found once."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._mapped: dict[int, bool] = {}
        self._names: dict[int, Value | Missing] = {}
        self._values: dict[tuple[int, int], Value] = {}
        self._metadata: dict[int, Value] = {}
        self._hooked: set[int] = set()
        self._libraries: dict[str, BaseConfig | None] = {}
        self._kept: list[ClassValue | FunctionValue] = []  # ids above stay unique while these live

    def root(self, base: Value) -> Root:
        """What kind of base a value is that is no class of the project."""
        vocabulary = self._project.vocabulary
        if isinstance(base, Member) and base.name == "Model" and vocabulary.is_flask(base.owner):
            return "flask"
        if isinstance(base, Applied):
            return "declarative" if vocabulary.meaning(base.callee) in FACTORIES else "unknown"
        library = self.library(base)
        if library is not None:
            return "library" if library.model else "plain"
        if not isinstance(base, Symbol):
            return "unknown"
        if base.name in DECLARATIVE:
            return "declarative"
        if base.name == "SQLModel":
            return "sqlmodel"
        if base.path.endswith(".db.Model") or base.path in {"sqlalchemy.Model", "flask_sqlalchemy.Model"}:
            return "flask"
        if base.path == "flask_sqlalchemy.model.Model" or base.root in PLAIN_LIBRARIES:
            return "plain"
        return "plain" if base.name in PLAIN_BASES or base.name in ENUMS else "unknown"

    def library(self, base: Value) -> BaseConfig | None:
        """What a known base class of a library brings."""
        if not isinstance(base, Symbol):
            return None
        if base.path not in self._libraries:
            self._libraries[base.path] = self._library(base)
        return self._libraries[base.path]

    def _library(self, base: Symbol) -> BaseConfig | None:
        for table in (self._project.config.bases, LIBRARY_BASES):
            if base.path in table:
                return table[base.path]
            for path, found in table.items():
                if path.rpartition(".")[2] == base.name and path.partition(".")[0] == base.root:
                    return found
        return None

    def roots(self, owner: ClassValue) -> set[Root]:
        """The kinds of the foreign bases of a class."""
        return {self.root(base) for base in owner.foreign}

    def is_base(self, owner: ClassValue) -> bool:
        """Whether the class is a declarative base itself, which is never mapped."""
        return any(isinstance(base, Symbol) and base.name in DECLARATIVE for base in owner.bases) or any(
            isinstance(base, Applied)
            and self._project.vocabulary.meaning(base.callee) in {"as_declarative", "as_declarative_base"}
            for base in owner.bases
        )

    def mapped(self, owner: ClassValue) -> bool:
        """Whether the class maps a table, its own or its parent's."""
        key = id(owner)
        if key not in self._mapped:
            self._mapped[key] = False  # a class that leads back to itself
            self._kept.append(owner)
            self._mapped[key] = self._is_mapped(owner)
        return self._mapped[key]

    def _is_mapped(self, owner: ClassValue) -> bool:
        if owner.body.get("__abstract__") is True or self.is_base(owner):
            return False
        roots = self.roots(owner)
        if "sqlmodel" in roots:
            return owner.keywords.get("table") is True
        if self._has_table(owner):
            return bool(roots & {"declarative", "flask", "library", "unknown"}) or self._decorated(owner)
        return any(base is not owner and self.mapped(base) for base in owner.ancestors)

    def _has_table(self, owner: ClassValue) -> bool:
        if self.table(owner) not in (None, MISSING):
            return True
        name = self.tablename(owner)
        return not isinstance(name, Missing) and name is not None

    def table(self, owner: ClassValue) -> Value | Missing:
        """What `__table__` is for a class that does not share its parent's; MISSING where nothing gives it."""
        found = self.directive(owner, "__table__")
        return found[1] if found is not None and (found[0] is owner or not self.mapped(found[0])) else MISSING

    def _decorated(self, owner: ClassValue) -> bool:
        """`@reg.mapped`, `@reg.mapped_as_dataclass`."""
        return any(
            getattr(decorator.callee if isinstance(decorator, Applied) else decorator, "name", "")
            in {"mapped", "mapped_as_dataclass"}
            for decorator in owner.decorators
        )

    def inherits_table(self, owner: ClassValue) -> bool:
        """SQLAlchemy's `has_inherited_table`."""
        return any(base is not owner and self.mapped(base) for base in owner.ancestors)

    def binding(self, function: FunctionValue) -> str:
        """How a function is bound in its class: `declared`, `class`, `static`, `property`, `hybrid`, or not at all."""
        for decorator in function.definition.decorators:
            kind = next((kind for name in _names(decorator) if (kind := _binding(name))), "")
            if not kind:
                value = self._project.evaluator.evaluate(decorator, function.module)
                kind = _binding(getattr(value, "name", ""))
            if kind:
                return kind
        return ""

    def value_for(self, owner: ClassValue, name: str, function: FunctionValue) -> Value:
        """What a `declared_attr` gives for a class; evaluated once, so that its column is one and the same."""
        key = (id(owner), id(function))
        if key not in self._values:
            self._values[key] = Unknown(f"{name} asks for itself", owner.place)
            self._kept += [owner, function]
            place = self._project.evaluator.place(function.definition, function.module)
            self._values[key] = call_with(self._project.evaluator, function, owner, place=place)
        return self._values[key]

    def called(self, owner: ClassValue, name: str, value: Value) -> Value:
        """The value of a directive (`__tablename__`, `__table_args__`) of a class, functions called."""
        if isinstance(value, FunctionValue):
            return self.value_for(owner, name, value)
        if isinstance(value, BoundMethod) and isinstance(value.function, FunctionValue):
            return self.value_for(owner, name, value.function)
        return value

    def directive(self, owner: ClassValue, name: str) -> tuple[ClassValue, Value] | None:
        """A directive that applies to a class, and who gives it: not one that a mapped parent gave for itself."""
        applies = False
        for base in owner.ancestors:
            value = base.body.get(name)
            if isinstance(value, Missing) or base.body.typing_only(name):
                continue
            own = base is owner or not self.mapped(base)
            applies = applies or own or isinstance(value, FunctionValue)
        found = owner.find(name) if applies else None
        return (found[0], self.called(owner, name, found[1])) if found else None

    def tablename(self, owner: ClassValue) -> Value | Missing:
        """The table's name: a string, None, Unknown; MISSING where nothing gives one."""
        key = id(owner)
        if key not in self._names:
            self._names[key] = MISSING
            self._kept.append(owner)
            self._names[key] = self._tablename(owner)
        return self._names[key]

    def _tablename(self, owner: ClassValue) -> Value | Missing:
        self.run_hooks(owner)
        if owner.body.get("__abstract__") is True or self.is_base(owner):
            found = owner.find("__tablename__")
            return self.called(owner, "__tablename__", found[1]) if found and found[0] is owner else MISSING
        given = self.directive(owner, "__tablename__")
        roots = self.roots(owner)
        if given is not None:
            return given[1] if "flask" not in roots or self._flask_names(owner) else MISSING
        if "sqlmodel" in roots:
            return owner.name.lower() if owner.keywords.get("table") is True else MISSING
        if "flask" in roots and self._flask_names(owner):
            return _flask_name(owner.name)
        return self._library_name(owner)

    def _library_name(self, owner: ClassValue) -> Value | Missing:
        for base in owner.foreign:
            library = self.library(base)
            if library is None or self.inherits_table(owner):
                continue
            if library.table is not None and self.roots(owner) != {"plain"}:
                return library.table
            if library.tablename is not None:
                lower = owner.name.lower()
                names = {"snake": _flask_name(owner.name), "lower": lower, "plural": f"{lower}s"}
                return names[library.tablename]
        return MISSING

    def _flask_names(self, owner: ClassValue) -> bool:
        """Flask-SQLAlchemy's rule: a class below a mapped one has a table where it has a primary key of its own.

        Source: `NameMetaMixin.__table_cls__` and `should_set_tablename` in `flask_sqlalchemy.model`. Where there is
        none, it takes a given `__tablename__` away again.
        """
        from instar.dialects.sqlalchemy.reading.attributes_of import own_primary_key  # noqa: PLC0415 - they need each other

        if any(base.body.get("__table__") not in (None, MISSING) for base in owner.ancestors):
            return False
        return not self.inherits_table(owner) or own_primary_key(self._project, owner)

    def run_hooks(self, owner: ClassValue) -> None:
        """Run the `__init_subclass__` that a base gives, once: it may set the table's name, or make further classes."""
        if id(owner) in self._hooked:
            return
        self._hooked.add(id(owner))
        self._kept.append(owner)
        found = owner.find("__init_subclass__", after=owner)
        if found is not None and isinstance(found[1], FunctionValue):
            made = Applied(found[1], (owner,), dict(owner.keywords), owner.place)
            apply(self._project.evaluator, made, owner.scope)

    def metadata(self, owner: ClassValue) -> Value:
        """The `MetaData` that a class belongs to: the same object for all classes of one base."""
        found = owner.get("metadata")
        if not isinstance(found, Missing | FunctionValue):
            return found
        registry = owner.get("registry")
        if isinstance(registry, Applied) and "metadata" in registry.keywords:
            return registry.keywords["metadata"]
        anchor: Value = next(
            (base for base in owner.foreign if self.root(base) not in {"plain", "unknown"}), None
        )
        base = next((each for each in reversed(list(owner.ancestors)) if self.is_base(each)), None)
        given = _given_metadata(anchor)
        if given is not None:
            return given
        key = id(base if base is not None else anchor.owner if isinstance(anchor, Member) else anchor)
        return self._metadata.setdefault(key, Applied(Symbol("sqlalchemy.MetaData")))

    def metadata_of(self, value: Value) -> Value:
        """The `MetaData` that an expression means: `Base.metadata`, `db.metadata`, `registry.metadata`."""
        if isinstance(value, ClassValue):
            return self.metadata(value)
        if isinstance(value, Member) and value.name == "metadata":
            given = _given_metadata(value.owner)
            return (
                given
                if given is not None
                else self._metadata.setdefault(id(value.owner), Applied(Symbol("sqlalchemy.MetaData")))
            )
        return value


def _given_metadata(base: Value) -> Value:
    """`declarative_base(metadata=…)`, `registry(metadata=…).generate_base()`, `SQLAlchemy(metadata=…).Model`."""
    if isinstance(base, Member):
        return _given_metadata(base.owner)
    if isinstance(base, Applied):
        if "metadata" in base.keywords:
            return base.keywords["metadata"]
        return _given_metadata(base.callee)
    return None


_BINDINGS = {
    "declared_attr": "declared",
    "declared_directive": "declared",
    "classproperty": "declared",
    "classmethod": "class",
    "staticmethod": "static",
    "property": "property",
    "cached_property": "property",
    "hybrid_property": "hybrid",
    "hybrid_method": "hybrid",
    "expression": "expression",
    "comparator": "expression",
    "inplace": "expression",
    "setter": "expression",
}


def _binding(name: str) -> str:
    """What a decorator of this name makes of a function; class properties have many names."""
    return _BINDINGS.get(name) or ("declared" if name.endswith("classproperty") else "")


def _names(decorator: s.Expr) -> list[str]:
    """The names in a decorator, the first one first."""
    match decorator:
        case s.Name(id=name):
            return [name]
        case s.Attr(value=value, name=name):
            return [*_names(value), name]
        case s.Call(function=function):
            return _names(function)
        case _:
            return []


def _flask_name(name: str) -> str:
    """Flask-SQLAlchemy's `camel_to_snake_case`."""
    return re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name).lower().lstrip("_")
