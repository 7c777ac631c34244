"""Which variable a model's base is, where a function made it: `Base = declarative_base()`, imported from anywhere."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.mapping import MappedClass, Models
    from instar.sources import Source

_MAKERS = {"declarative_base", "generate_base", "automap_base"}


class BaseNames:
    """Follows names through a project's imports, reading each file once and running none."""

    def __init__(self, source: Source, models: Models) -> None:
        self._source = source
        self._paths = {name: path for path, name in models.modules}
        self._trees: dict[str, ast.Module | None] = {}

    def of(self, mapped: MappedClass) -> str | None:
        """The qualified variable of the base that a function made for this class; None where none is found."""
        tree = self._tree(mapped.module)
        classes = ast.walk(tree) if tree is not None else ()
        statement = next(
            (one for one in classes if isinstance(one, ast.ClassDef) and one.name == mapped.name), None
        )
        for base in statement.bases if statement is not None else ():
            found = self._follow(mapped.module, ast.unparse(base), set())
            if found is not None:
                return found
        return None

    def _follow(self, module: str, name: str, seen: set[tuple[str, str]]) -> str | None:
        tree = self._tree(module)
        if tree is None or (module, name) in seen:
            return None
        seen.add((module, name))
        first, _, rest = name.partition(".")
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and not rest and _makes(statement, first):
                return f"{module}.{first}"
            if isinstance(statement, ast.ImportFrom):
                origin = self._origin(module, statement)
                for alias in statement.names:
                    if (alias.asname or alias.name) == first:
                        inner = f"{origin}.{alias.name}"
                        wanted = (inner, rest) if rest else (origin, alias.name)
                        return self._follow(*wanted, seen)
            if isinstance(statement, ast.Import) and rest:
                for alias in statement.names:
                    bound = alias.asname or alias.name
                    if name.startswith(f"{bound}."):
                        return self._follow(alias.name, name.removeprefix(f"{bound}."), seen)
        return None

    def _origin(self, module: str, statement: ast.ImportFrom) -> str:
        """The module that a `from` imports from, relative ones resolved."""
        if not statement.level:
            return statement.module or ""
        is_package = self._paths.get(module, "").endswith("__init__.py")
        parts = module.split(".")
        kept = parts[: len(parts) - statement.level + is_package]
        return ".".join((*kept, statement.module) if statement.module else kept)

    def _tree(self, module: str) -> ast.Module | None:
        if module not in self._trees:
            path = self._paths.get(module)
            data = self._source.read(path) if path is not None else None
            try:
                self._trees[module] = ast.parse(data) if data is not None else None
            except (SyntaxError, ValueError, RecursionError):
                self._trees[module] = None
        return self._trees[module]


def _makes(statement: ast.Assign, name: str) -> bool:
    """Whether it binds `name` to what `declarative_base(...)` or `registry.generate_base()` returns."""
    value = statement.value
    if not isinstance(value, ast.Call):
        return False
    called = value.func.attr if isinstance(value.func, ast.Attribute) else getattr(value.func, "id", "")
    return called in _MAKERS and any(
        isinstance(one, ast.Name) and one.id == name for one in statement.targets
    )
