"""What a module declares, imports and exports; nothing is evaluated here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instar.dialects.convex.syntax import SyntaxFile, first_error, string_value, unwrap, walk

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """A name of another module: `name` there, `default`, or `*` for the whole namespace."""

    specifier: str
    name: str
    node: Node


@dataclass(frozen=True, slots=True, eq=False)
class Declared:
    """A name declared in this module: `pattern` is what `value` is bound to; functions and enums are `value`.

    `statement` is the top-level statement, which tells whether the declaration parses.
    """

    pattern: Node
    value: Node | None
    statement: Node


@dataclass(slots=True, eq=False)
class Module:
    """A parsed module.

    Attributes:
        file: Its syntax.
        names: What its top level binds.
        exports: Exported name to local name, to another module's name, or to the expression itself.
        stars: The specifiers of `export * from`.
        changed: Names that top-level statements assign into or call mutating methods on.
    """

    file: SyntaxFile
    names: dict[str, Imported | Declared] = field(default_factory=dict)
    exports: dict[str, str | Imported | Declared] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)

    @property
    def described(self) -> bool:
        """Whether it is the description of a package."""
        return self.file.path.startswith("<")


_DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})
_NAMED = frozenset(
    {"function_declaration", "generator_function_declaration", "enum_declaration", "class_declaration"}
)
_MUTATING = frozenset({"push", "unshift", "splice", "pop", "shift", "sort", "reverse", "fill"})
_HARMLESS = frozenset(
    {"comment", "interface_declaration", "type_alias_declaration", "import_statement", "empty_statement"}
)


def read_module(path: str, source: bytes) -> Module:
    """Parse a file and list its top level."""
    module = Module(SyntaxFile(path, source))
    for statement in module.file.root.named_children:
        if statement.type == "import_statement":
            _import(module, statement)
        elif statement.type == "export_statement":
            _export(module, statement)
        elif statement.type in _DECLARATIONS or statement.type in _NAMED:
            for name, declared in _declared(module.file, statement, statement):
                module.names[name] = declared
        elif statement.type == "ambient_declaration" or statement.type in _HARMLESS:
            continue
        else:
            module.changed |= _assigned(module.file, statement)
    return module


def _import(module: Module, statement: Node) -> None:
    source = statement.child_by_field_name("source")
    clause = next((child for child in statement.named_children if child.type == "import_clause"), None)
    if source is None or clause is None:
        return
    specifier = string_value(module.file, source)
    for child in clause.named_children:
        if child.type == "identifier":
            module.names[module.file.text(child)] = Imported(specifier, "default", child)
        elif child.type == "namespace_import":
            module.names[module.file.text(child.named_children[0])] = Imported(specifier, "*", child)
        elif child.type == "named_imports":
            for item in child.named_children:
                name, alias = _specifier(module.file, item)
                if name:
                    module.names[alias] = Imported(specifier, name, item)


def _specifier(file: SyntaxFile, item: Node) -> tuple[str, str]:
    """The name and the alias of `name as alias`; empty for a comment."""
    name = item.child_by_field_name("name")
    if name is None:
        return "", ""
    alias = item.child_by_field_name("alias") or name
    return _name(file, name), _name(file, alias)


def _name(file: SyntaxFile, node: Node) -> str:
    return string_value(file, node) if node.type == "string" else file.text(node)


def _export(module: Module, statement: Node) -> None:
    file = module.file
    source = statement.child_by_field_name("source")
    specifier = string_value(file, source) if source is not None else None
    declaration = statement.child_by_field_name("declaration")
    is_default = any(child.type == "default" for child in statement.children)
    value = statement.child_by_field_name("value")
    if declaration is not None:
        for name, declared in _declared(file, declaration, statement):
            module.names[name] = declared
            module.exports["default" if is_default else name] = name
    elif value is not None:
        module.exports["default"] = Declared(value, value, statement)
    for child in statement.children:
        if child.type == "*" and specifier is not None:
            module.stars.append(specifier)
        elif child.type == "namespace_export" and specifier is not None:
            module.exports[file.text(child.named_children[0])] = Imported(specifier, "*", child)
        elif child.type == "export_clause":
            for item in child.named_children:
                name, alias = _specifier(file, item)
                if name:
                    module.exports[alias] = Imported(specifier, name, item) if specifier is not None else name


def _declared(file: SyntaxFile, declaration: Node, statement: Node) -> list[tuple[str, Declared]]:
    """The names that a declaration binds."""
    if declaration.type in _NAMED:
        name = declaration.child_by_field_name("name")
        return [(file.text(name), Declared(name, declaration, statement))] if name is not None else []
    found: list[tuple[str, Declared]] = []
    for declarator in declaration.named_children:
        pattern = declarator.child_by_field_name("name")
        if declarator.type != "variable_declarator" or pattern is None:
            continue
        declared = Declared(pattern, declarator.child_by_field_name("value"), statement)
        found.extend((name, declared) for name in pattern_names(file, pattern))
    return found


def pattern_names(file: SyntaxFile, pattern: Node) -> list[str]:
    """The names that a pattern binds: itself, or those inside `{a, b: c, ...d}` and `[a, b]`."""
    if pattern.type in {"identifier", "shorthand_property_identifier_pattern"}:
        return [file.text(pattern)]
    if pattern.type == "pair_pattern":
        value = pattern.child_by_field_name("value")
        return pattern_names(file, value) if value is not None else []
    if pattern.type in {"object_assignment_pattern", "assignment_pattern"}:
        left = pattern.child_by_field_name("left")
        return pattern_names(file, left) if left is not None else []
    if pattern.type in {"object_pattern", "array_pattern", "rest_pattern"}:
        return [name for child in pattern.named_children for name in pattern_names(file, child)]
    return []


def _assigned(file: SyntaxFile, statement: Node) -> set[str]:
    """The names whose values a statement may change: `x.y = …`, `x.push(…)`, `Object.assign(x, …)`."""
    names: set[str] = set()
    for node in walk(statement):
        if node.type in {"assignment_expression", "augmented_assignment_expression"}:
            target = node.child_by_field_name("left")
            names |= _base(file, target)
        elif node.type == "call_expression":
            function = node.child_by_field_name("function")
            if function is None or function.type != "member_expression":
                continue
            method = function.child_by_field_name("property")
            owner = function.child_by_field_name("object")
            called = file.text(method) if method is not None else ""
            if called in _MUTATING or called in {"index", "searchIndex", "vectorIndex", "staged"}:
                names |= _base(file, owner)
            elif called in {"assign", "defineProperty"}:
                listed = node.child_by_field_name("arguments")
                names |= _base(file, listed.named_children[0] if listed and listed.named_children else None)
    return names


def _base(file: SyntaxFile, node: Node | None) -> set[str]:
    """The variable that a chain of members, calls and subscripts starts from."""
    while node is not None and node.type != "identifier":
        node = unwrap(node)
        inner = node.child_by_field_name("object") or node.child_by_field_name("function")
        if inner is None:
            break
        node = inner
    return {file.text(node)} if node is not None and node.type == "identifier" else set()


def stray_error(module: Module) -> Node | None:
    """A syntax error between the statements of a module, where it could hide a declaration."""
    for statement in module.file.root.children:
        if statement.is_error or statement.is_missing:
            return statement
        if statement.type not in _HARMLESS and statement.has_error:
            return first_error(statement)
    return None
