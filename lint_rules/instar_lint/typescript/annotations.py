"""Types and argument validators to what they hold: `Doc<"users">`, `Id<"users">[]`, `{ user: User }`, `v.id("users")`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from instar.dialects.convex.modules import Imported
from instar.dialects.convex.syntax import string_value
from instar_lint.typescript.kinds import ANY, Held, Kind, ObjectLiteral, joined, many

if TYPE_CHECKING:
    from tree_sitter import Node

    from instar.dialects.convex.modules import Module
    from instar_lint.typescript.collect import Project

_ID = re.compile(r"""\bv\s*\.\s*id\(\s*["'](\w+)["']\s*,?\s*\)""")
_CONTEXT = re.compile(r"^(?:Generic)?(?:\w*)(?:Query|Mutation|Action)Ctx$")
_DATABASE = re.compile(r"^(?:Generic)?Database(?:Reader|Writer)$")
_TABLES = re.compile(r"\.tables\.(\w+)\.validator\b|\bdoc\(\s*\w+,\s*[\"'](\w+)[\"']")
_ARRAYS: Final = frozenset({"Array", "ReadonlyArray", "Set", "ReadonlySet"})
_MAPS: Final = frozenset({"Map", "ReadonlyMap", "Record"})
_SAME: Final = frozenset(
    {
        "Promise",
        "Awaited",
        "NonNullable",
        "Readonly",
        "Partial",
        "Required",
        "Omit",
        "Pick",
        "WithoutSystemFields",
        "WithOptionalSystemFields",
    }
)
_DEEPEST = 12


class Annotations:
    """Reads the types that one module writes."""

    def __init__(self, project: Project, module: Module) -> None:
        self._project = project
        self._module = module
        self._file = module.file
        self._declared: dict[str, Node] | None = None

    def held(self, node: Node, depth: int = 0) -> Held:
        """What a value of a type holds; None for any other type."""
        if depth > _DEEPEST:
            return None
        inner = [child for child in node.named_children if child.type != "comment"]
        match node.type:
            case "type_annotation" | "parenthesized_type" | "readonly_type":
                return self.held(inner[-1], depth + 1) if inner else None
            case "array_type":
                return many(self.held(inner[0], depth + 1)) if inner else None
            case "union_type" | "intersection_type":
                return joined(self.held(child, depth + 1) for child in inner)
            case "generic_type":
                return self._generic(node, depth)
            case "type_identifier":
                return self._named(self._file.text(node), depth)
            case "object_type":
                return ObjectLiteral(values=self._members(node, depth), complete=False)
            case "predefined_type":
                return ANY if self._file.text(node) == "any" else None
            case _:
                return None

    def _generic(self, node: Node, depth: int) -> Held:
        name_node, listed = node.child_by_field_name("name"), node.child_by_field_name("type_arguments")
        given = listed.named_children if listed is not None else []
        name = self._file.text(name_node) if name_node is not None else ""
        if name in {"Doc", "Id", "GenericId"} and given:
            literal = given[0].named_children[0] if given[0].type == "literal_type" else None
            if literal is None or literal.type != "string":
                return None
            return Kind("document" if name == "Doc" else "id", string_value(self._file, literal))
        if name in _ARRAYS and given:
            return many(self.held(given[0], depth + 1))
        if name in _SAME and given:
            return self.held(given[0], depth + 1)
        if name in _MAPS and len(given) > 1:
            value = self.held(given[1], depth + 1)
            return value.to("lookup") if isinstance(value, Kind) and value.shape == "document" else None
        if name == "Infer" and (found := _TABLES.search(self._file.text(node))):
            return Kind("document", found[1] or found[2])
        if name == "FunctionReturnType" and given:
            text = self._file.text(given[0]).removeprefix("typeof ").strip()
            return self._project.function_returned(text.split(".")[1:])
        held = self._named(name, depth)
        any_ = isinstance(held, Kind) and any(self._file.text(one) == "any" for one in given)
        return Kind(held.shape, held.table, loose=True) if any_ and isinstance(held, Kind) else held

    def _members(self, node: Node, depth: int) -> dict[str, Held]:
        found: dict[str, Held] = {}
        for child in node.named_children:
            name, written = child.child_by_field_name("name"), child.child_by_field_name("type")
            if child.type == "property_signature" and name is not None and written is not None:
                held, text = self.held(written, depth + 1), self._file.text(name).strip("\"'")
                if text == "db" and (held == ANY or not isinstance(held, Kind)):
                    held = Kind("database", loose=True)
                if held is not None:
                    found[text] = held
        return found

    def _named(self, name: str, depth: int) -> Held:
        if _CONTEXT.match(name):
            return Kind("context")
        if _DATABASE.match(name):
            return Kind("database")
        declared = self.declared.get(name)
        if declared is not None:
            body = declared.child_by_field_name("value") or declared.child_by_field_name("body")
            if body is None:
                return None
            if body.type == "interface_body":
                return ObjectLiteral(values=self._members(body, depth), complete=False)
            return self.held(body, depth + 1)
        imported = self._module.names.get(name)
        if isinstance(imported, Imported):
            return self._project.imported_type(self._module, imported, depth)
        return None

    def exported(self, name: str, depth: int) -> Held:
        """What a type that this module declares holds."""
        return self._named(name, depth + 1)

    @property
    def declared(self) -> dict[str, Node]:
        """The type aliases and interfaces of the module."""
        if self._declared is None:
            self._declared = {}
            for statement in self._file.root.named_children:
                node = statement.child_by_field_name("declaration") or statement
                name = node.child_by_field_name("name")
                if node.type in {"type_alias_declaration", "interface_declaration"} and name is not None:
                    self._declared[self._file.text(name)] = node
        return self._declared


def of_validator(text: str) -> Kind | None:
    """The kind of an argument by its validator."""
    found = set(_ID.findall(text))
    if len(found) != 1 or "v.object" in text:
        return None
    return Kind("ids" if "v.array" in text else "id", found.pop())
