"""The files of one version as modules that import each other. A module is read when something asks for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading import syntax as s
from instar.dialects.sqlalchemy.reading.declared import Declarations
from instar.dialects.sqlalchemy.reading.enums import Enums
from instar.dialects.sqlalchemy.reading.evaluate import Evaluator
from instar.dialects.sqlalchemy.reading.parse import Unparsable
from instar.dialects.sqlalchemy.reading.scopes import ModuleScope
from instar.dialects.sqlalchemy.reading.values import MISSING, Missing, Symbol, Unknown, Value
from instar.dialects.sqlalchemy.reading.vocabulary import Vocabulary

if TYPE_CHECKING:
    from instar.config import Config
    from instar.dialects.sqlalchemy.reading.files import Files
    from instar.dialects.sqlalchemy.reading.scopes import Scope

_FOREIGN = frozenset(sys.stdlib_module_names) | {
    "alembic", "flask_sqlalchemy", "pydantic", "sqlalchemy", "sqlalchemy_utils", "sqlmodel", "typing_extensions",
}  # fmt: skip

_EFFECTS = frozenset({"append_constraint", "append_column", "map_imperatively", "mapper", "setattr"})


class Project:
    """One version of a project's Python files.

    Attributes:
        files: Where their content comes from.
        config: The configuration.
        unparsable: Path to reason, of the files that were asked for and do not parse.
    """

    def __init__(self, files: Files, config: Config) -> None:
        self.files = files
        self.config = config
        self.vocabulary = Vocabulary()
        self.enums = Enums()
        self.evaluator = Evaluator(self)
        self.declared = Declarations(self)
        self.unparsable: dict[str, Unparsable] = {}
        self._modules: dict[str, ModuleScope | None] = {}
        self._paths = frozenset(files.paths)
        self._roots: set[str] = set()
        self._by_tail: dict[str, list[str]] = {}
        for path in files.paths:
            parts = path.removesuffix(".py").split("/")
            tail = parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]
            self._by_tail.setdefault(tail, []).append(path)

    def module(self, path: str) -> ModuleScope | None:
        """The module in a file; None where it does not parse."""
        if path not in self._modules:
            tree = self.files.lowered(path)
            if tree is None or isinstance(tree, Unparsable):
                if tree is not None:
                    self.unparsable[path] = tree
                self._modules[path] = None
            else:
                self._modules[path] = ModuleScope(path, tree, self.evaluator)
        return self._modules[path]

    def loaded(self) -> list[ModuleScope]:
        """The modules that have been asked for so far."""
        return [module for module in self._modules.values() if module is not None]

    def dotted(self, path: str) -> str:
        """The name that the project imports a file by.

        It starts at a folder that absolute imports were found to start at, else at the first one that is no package.
        """
        parts = path.removesuffix(".py").split("/")
        above = [root for root in self._roots if not root or path.startswith(f"{root}/")]
        root = max(above, key=len) if above else self._root(path)
        parts = parts[len(root.split("/")) if root else 0 :]
        return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    def import_module(self, dotted: str, importer: ModuleScope, level: int = 0) -> Value:
        """What `import dotted` gives in a module: a module of the project, or a symbol of a library."""
        if level:
            folder = importer.path.rpartition("/")[0]
            for _ in range(level - 1):
                folder = folder.rpartition("/")[0]
            base = "/".join(part for part in (folder, dotted.replace(".", "/")) if part)
            return self._at(base) or self._namespace(base, dotted)
        path = self._find(dotted, importer.path)
        if path is None:
            return Symbol(dotted)
        return self.module(path) or Unknown(f"{path} could not be read")

    def effect(self, statement: s.Statement, scope: Scope) -> Value:
        """The value of an expression statement that calls something capitalised (`Index(...)`); None otherwise."""
        match statement:
            case s.Evaluate(value=s.Call(function=s.Name(id=name) | s.Attr(name=name)) as call) if (
                name[:1].isupper() or name in _EFFECTS
            ):
                return self.evaluator.evaluate(call, scope)
            case _:
                return None

    def submodule(self, package: ModuleScope, name: str) -> Value | Missing:
        """A module below a package."""
        if not package.package:
            return MISSING
        return self._at(f"{package.path.rpartition('/')[0]}/{name}") or MISSING

    def _at(self, base: str) -> ModuleScope | None:
        for path in (f"{base}.py", f"{base}/__init__.py"):
            if path.lstrip("/") in self._paths:
                return self.module(path.lstrip("/"))
        return None

    def _namespace(self, base: str, dotted: str) -> Value:
        """A folder without `__init__.py`: its modules are found by their names."""
        return (
            Namespace(self, base)
            if any(p.startswith(f"{base}/") for p in self._paths)
            else Unknown(f"{dotted} is not in the project")
        )

    def _find(self, dotted: str, importer: str) -> str | None:
        """The file of an absolute import: the one that shares the longest path with the importer.

        Imports start at a folder that is no package, as a rule. A service that runs from inside its package
        (`backend/src/__init__.py`, and `from models.base import Base` below it) starts them at a package around the
        importer; that is tried before folders elsewhere, and gives no other file a shorter name.
        """
        parts = dotted.split(".")
        if parts[0] in _FOREIGN:
            return None
        tail = "/".join(parts)
        found, inside, is_above = [], [], False
        for path in self._by_tail.get(parts[-1], ()):
            bare = path.removesuffix(".py").removesuffix("/__init__")
            if bare == tail or bare.endswith(f"/{tail}"):
                root = bare[: -len(tail)].rstrip("/")
                around = not root or importer.startswith(f"{root}/")
                if not root or f"{root}/__init__.py" not in self._paths:
                    found.append((_shared(root, importer), -len(root), path))
                    is_above |= around
                elif around and path != importer:
                    inside.append((_shared(root, importer), -len(root), path))
        if inside and not is_above:
            return max(inside)[2]
        if not found:
            return None
        best = max(found)[2]
        self._roots.add(best.removesuffix(".py").removesuffix("/__init__")[: -len(tail)].rstrip("/"))
        return best

    def _root(self, path: str) -> str:
        folder = path.rpartition("/")[0]
        while folder and f"{folder}/__init__.py" in self._paths:
            folder = folder.rpartition("/")[0]
        return folder


class Namespace(ModuleScope):
    """A package without a file of its own."""

    def __init__(self, project: Project, folder: str) -> None:
        from instar.dialects.sqlalchemy.reading.syntax import Module  # noqa: PLC0415 - only where there is one

        super().__init__(f"{folder}/__init__.py", Module([]), project.evaluator)


def _shared(root: str, importer: str) -> int:
    """How many leading characters a root shares with the importer's path, counted in whole folders."""
    count = 0
    for one, other in zip(root.split("/"), importer.split("/"), strict=False):
        if one != other:
            break
        count += len(one) + 1
    return count
