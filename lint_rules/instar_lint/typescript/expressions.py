"""What the expressions of one module hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from instar.dialects.convex.modules import Imported
from instar.dialects.convex.syntax import arguments, string_value, unwrap
from instar_lint.typescript.calls import (
    HOOKS,
    ITEM,
    KEEPS_ITEMS,
    MANY,
    MANY_FROM,
    ONE,
    ONE_FROM,
    RUNS,
    SAME_QUERY,
)
from instar_lint.typescript.kinds import (
    ANY,
    Closure,
    Held,
    Kind,
    Listed,
    ObjectLiteral,
    Several,
    item_of,
    joined,
    loosened,
    many,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tree_sitter import Node

    from instar.dialects.convex.modules import Module
    from instar_lint.typescript.collect import Project
    from instar_lint.typescript.scope import Scope

    Returns = Callable[[Node, Scope, tuple[Held, ...]], Held]

FUNCTIONS: Final = frozenset(
    {
        "arrow_function",
        "function_expression",
        "function_declaration",
        "method_definition",
        "generator_function",
    }
)
_WRAPS = frozenset({"paginator", "stream", "wrapDatabaseReader", "wrapDatabaseWriter"})
_BRANCHES: Final[dict[str, tuple[str, ...]]] = {
    "ternary_expression": ("consequence", "alternative"),
    "&&": ("right",),
    "||": ("left", "right"),
    "??": ("left", "right"),
}


class Expressions:
    """Tells what expressions hold; `returns` says what a function gives back when it is called with such arguments."""

    def __init__(self, project: Project, module: Module, returns: Returns) -> None:
        self._project = project
        self._module = module
        self._file = module.file
        self._returns = returns
        self._readers: dict[str, Callable[[Node, Scope], Held]] = {
            "as_expression": self._cast,
            "satisfies_expression": self._cast,
            "identifier": self._variable,
            "member_expression": self._member_of,
            "subscript_expression": self._subscript,
            "call_expression": self._call,
            "new_expression": self._new,
            "object": self._object,
            "array": self._array,
            "ternary_expression": self._branched,
            "binary_expression": self._branched,
        }

    def held(self, node: Node, scope: Scope) -> Held:
        """What an expression holds."""
        while node.type in {"parenthesized_expression", "non_null_expression", "await_expression"}:
            node = node.named_children[0]
        reader = self._readers.get(node.type)
        return reader(node, scope) if reader is not None else None

    def _cast(self, node: Node, scope: Scope) -> Held:
        inner = self.held(node.named_children[0], scope)
        said = self._project.annotations(self._module).held(node.named_children[-1])
        if said == ANY:
            return loosened(inner)
        return inner if said is None or isinstance(inner, ObjectLiteral) else said

    def _variable(self, node: Node, scope: Scope) -> Held:
        return scope.find(self._file.text(node))[1]

    def _member_of(self, node: Node, scope: Scope) -> Held:
        owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        if owner is None or name is None:
            return None
        return self.member(self.held(owner, scope), self._file.text(name))

    def _array(self, node: Node, scope: Scope) -> Held:
        return Listed(tuple(self.held(one, scope) for one in node.named_children if one.type != "comment"))

    def _branched(self, node: Node, scope: Scope) -> Held:
        return joined(self.held(side, scope) for side in self.branches(node))

    def branches(self, node: Node) -> list[Node]:
        """The expressions that a conditional expression gives one of; itself where it is none."""
        node = unwrap(node)
        operator = node.child_by_field_name("operator") if node.type == "binary_expression" else None
        names = _BRANCHES.get(operator.type if operator is not None else node.type)
        if names is None:
            return [] if operator is not None else [node]
        sides = [side for name in names if (side := node.child_by_field_name(name)) is not None]
        return [
            one
            for side in sides
            for one in (
                self.branches(side)
                if side.type in {"parenthesized_expression", "ternary_expression"}
                else [side]
            )
        ]

    def member(self, held: Held, name: str) -> Held:
        """`held.name`."""
        if isinstance(held, ObjectLiteral):
            if name in held.values or held.base is None:
                return held.values.get(name)
            return self.member(held.base, name)
        if name == "db" and held is None:
            return Kind("database", loose=True)
        if not isinstance(held, Kind):
            return None
        if name == "db" and held.shape in {"context", "any"}:
            return held.to("database")
        if name == "skipRules" and held.shape == "context":
            return held
        if held.shape == "page" and name in {"page", "results"}:
            return held.to("documents")
        if held.shape == "document":
            found = Kind("id", held.table) if name == "_id" else self._project.field_kind(held.table, name)
            return loosened(found) if held.loose else found
        return None

    def called(self, function: Node, scope: Scope) -> tuple[str, Held]:
        """The name of what is called, and what it is called on."""
        function = unwrap(function)
        if function.type == "member_expression":
            owner, name = function.child_by_field_name("object"), function.child_by_field_name("property")
            if owner is not None and name is not None:
                held, called = self.held(owner, scope), self._file.text(name)
                if isinstance(held, ObjectLiteral) and held.values.get(called) is None:
                    held = _context(held, called) or held
                return called, held
        return self._file.text(function) if function.type == "identifier" else "", None

    def _subscript(self, node: Node, scope: Scope) -> Held:
        owner, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        held = self.held(owner, scope) if owner is not None else None
        if isinstance(held, Kind) and held.shape == "lookup":
            return held.to("document")
        if isinstance(held, Listed) and index is not None and index.type == "number":
            position = int(self._file.text(index)) if self._file.text(index).isdigit() else -1
            return held.items[position] if 0 <= position < len(held.items) else None
        return item_of(held)

    def _object(self, node: Node, scope: Scope) -> ObjectLiteral:
        keys: dict[str, Node] = {}
        values: dict[str, Held] = {}
        complete, base = True, None
        for child in node.named_children:
            if child.type == "spread_element":
                parts = [self.held(one, scope) for one in self.branches(child.named_children[0])]
                complete = complete and len(parts) == 1
                for inner in parts:
                    if isinstance(inner, ObjectLiteral):
                        keys |= inner.keys
                        values |= inner.values
                        complete, base = complete and inner.complete, inner.base or base
                    else:
                        complete = False
                        spread = isinstance(inner, Kind) and inner.shape in {"document", "context"}
                        base = inner if spread and isinstance(inner, Kind) else base
            elif child.type == "shorthand_property_identifier":
                keys[self._file.text(child)] = child
                values[self._file.text(child)] = scope.find(self._file.text(child))[1]
            elif child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                if key is None or key.type == "computed_property_name":
                    complete = False
                    continue
                keys[self.key(child)] = key
                values[self.key(child)] = self.held(value, scope) if value is not None else None
        return ObjectLiteral(keys, values, complete, base)

    def key(self, pair: Node) -> str:
        """The name of a pair, or of a member written in short."""
        key = pair.child_by_field_name("key") or pair.child_by_field_name("name")
        if key is None:
            return self._file.text(pair) if pair.type == "shorthand_property_identifier" else ""
        return string_value(self._file, key) if key.type == "string" else self._file.text(key)

    def _call(self, node: Node, scope: Scope) -> Held:
        function = node.child_by_field_name("function")
        if function is None:
            return None
        called, owner = self.called(function, scope)
        given = arguments(node)
        local = owner.values.get(called) if isinstance(owner, ObjectLiteral) else scope.find(called)[1]
        if isinstance(local, Closure) and (owner is not None or unwrap(function).type == "identifier"):
            return local.returned
        if isinstance(owner, Kind):
            return self._method(owner, called, given, scope)
        if isinstance(owner, Several | Listed):
            return self._array_method(owner, called, given, scope)
        if called in HOOKS and given:
            found = self._reference(given[0])
            return found.to("page") if called == "usePaginatedQuery" and isinstance(found, Kind) else found
        if called in ONE_FROM | MANY_FROM and len(given) > 1 and unwrap(given[1]).type == "string":
            table = string_value(self._file, unwrap(given[1]))
            return Kind("documents" if called in MANY_FROM else "document", table)
        if called in {"getAll", "getAllOrThrow"} and len(given) > 1:
            ids = self.held(given[1], scope)
            return ids.to("documents") if isinstance(ids, Kind) and ids.shape == "ids" else None
        if called in {"all", "from"} and given:
            return self.held(given[0], scope)
        if called == "asyncMap" and len(given) > 1:
            return many(self._returns(given[1], scope, (item_of(self.held(given[0], scope)),)))
        if called in _WRAPS:
            return Kind("database", loose=True)
        return self._returned(unwrap(function), called)

    def _returned(self, function: Node, called: str) -> Held:
        if function.type == "identifier":
            return self._project.returned(self._module, called)
        owner = function.child_by_field_name("object")
        if owner is None or owner.type != "identifier":
            return None
        imported = self._module.names.get(self._file.text(owner))
        if isinstance(imported, Imported) and imported.name == "*":
            return self._project.returned_from(self._module, imported, called)
        return None

    def _new(self, node: Node, scope: Scope) -> Held:
        """`new Map(documents.map((one) => [key, one]))`."""
        name = node.child_by_field_name("constructor")
        given = arguments(node)
        if name is None or not given or self._file.text(name) not in {"Map", "Set"}:
            return None
        held = self.held(given[0], scope)
        if self._file.text(name) == "Set":
            return held
        pair = item_of(held)
        value = pair.items[1] if isinstance(pair, Listed) and len(pair.items) == 2 else None
        return value.to("lookup") if isinstance(value, Kind) and value.shape == "document" else None

    def _reference(self, node: Node) -> Held:
        """What the function behind `api.users.list` or `internal.users.list` gives back."""
        text = self._file.text(unwrap(node))
        first, _, rest = text.partition(".")
        if first not in {"api", "internal"} or not rest:
            return None
        return self._project.function_returned(rest.split("."))

    def _method(self, owner: Kind, called: str, given: list[Node], scope: Scope) -> Held:
        if owner.shape == "database":
            return self._database_method(owner, called, given, scope)
        if owner.shape in {"context", "any"} and called in RUNS and given:
            return self._reference(given[0])
        if owner.shape == "context" and called == "table" and given and unwrap(given[0]).type == "string":
            return owner.to("query", string_value(self._file, unwrap(given[0])))
        if owner.shape == "document" and called in {"edge", "edgeX"} and given:
            return self._edge(owner, string_value(self._file, unwrap(given[0])))
        if owner.shape == "query":
            if called in SAME_QUERY:
                return owner
            if called in MANY:
                return owner.to("documents")
            if called == "paginate":
                return owner.to("page")
            return owner.to("document") if called in ONE else None
        if owner.shape in {"documents", "ids"}:
            return self._array_method(owner, called, given, scope)
        if owner.shape == "lookup":
            if called == "get":
                return owner.to("document")
            return owner.to("documents") if called == "values" else None
        return None

    def _edge(self, owner: Kind, name: str) -> Held:
        """The document at the end of an edge of `convex-ents`, by the field that holds its id."""
        found = self._project.field_kind(owner.table, f"{name}Id")
        return owner.to("document", found.table) if found is not None and found.shape == "id" else None

    def _database_method(self, owner: Kind, called: str, given: list[Node], scope: Scope) -> Held:
        first = unwrap(given[0]) if given else None
        if called == "query" and first is not None and first.type == "string":
            return owner.to("query", string_value(self._file, first))
        if called == "get" and first is not None:
            if first.type == "string":
                return owner.to("document", string_value(self._file, first))
            held = self.held(first, scope)
            if isinstance(held, Kind) and held.shape == "id":
                return Kind("document", held.table, loose=owner.loose or held.loose)
        return None

    def _array_method(self, owner: Held, called: str, given: list[Node], scope: Scope) -> Held:
        if called in KEEPS_ITEMS:
            return owner
        if called in ITEM:
            return item_of(owner)
        if called in {"map", "flatMap"} and given:
            found = self._returns(given[0], scope, (item_of(owner),))
            return found if called == "flatMap" else many(found)
        return None


def _context(held: ObjectLiteral, called: str) -> Kind | None:
    """The context that an object is whose method is called: it is spread into it, or it has the `table` of Ents."""
    if called == "table" and called in held.values:
        return Kind("context")
    return held.base if held.base is not None and held.base.shape == "context" else None
