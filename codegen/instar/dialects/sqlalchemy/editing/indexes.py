"""The named indexes of one class: in `__table_args__`, or on their own in the module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from instar.dialects.sqlalchemy.editing.imports import imported, with_used, without_unused
from instar.dialects.sqlalchemy.editing.statements import Splice, parsed_statement
from instar.dialects.sqlalchemy.editing.style import Style
from instar.dialects.sqlalchemy.python_text import string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instar.dialects.sqlalchemy.editing.statements import Module
    from instar.schema.model import Index, Table


class IndexEdits:
    """The edits of the indexes of one table in its file; `by_keyword` where the user writes `index=True`."""

    def __init__(self, module: Module, now: Table, then: Table, *, by_keyword: bool) -> None:
        self._module, self._now, self._then, self._by_keyword = module, now, then, by_keyword
        assert now.place is not None
        owner = module.class_at(now.place.line)
        assert owner is not None
        self._owner = owner

    def apply(self, names: set[str | None]) -> str:
        """The file's text with the indexes of these names as they should be."""
        now = {index.name: index for index in self._now.indexes if index.name in names}
        then = {index.name: index for index in self._then.indexes if index.name in names}
        gone = [index for name, index in now.items() if name not in then or not _alike(then[name], index)]
        come = [index for name, index in then.items() if name not in now or not _alike(now[name], index)]
        come = [index for index in come if not self._implied(index)]
        if not gone and not come:
            return self._module.tree.code
        tree = self._module.tree
        for index in gone:
            tree = self._without(tree, index)
        for index in [one for one in come if self._as_keyword(one)]:
            come.remove(index)
            tree = tree.visit(_AddKeyword(self._owner.name.value, self._code_name(index)))
        if come:
            style = Style(self._owner, imported(tree))
            texts = [self._written(index, style) for index in come]
            tree = tree.visit(_AddToTableArgs(self._owner.name.value, texts))
            tree = with_used(tree, style.needed)
        return without_unused(self._module.tree, tree).code

    def _implied(self, index: Index) -> bool:
        """Whether the declaration of its column makes it, by `index=True`."""
        return "index" in self._keywords().get(self._code_name(index), ())

    def _as_keyword(self, index: Index) -> bool:
        """Whether `index=True` at its column says all of it, where the user declares indexes so."""
        plain = not index.unique and index.predicate is None and index.kind == "btree" and not index.include
        return (
            plain
            and not index.keys[0].order
            and self._code_name(index) in self._keywords()
            and self._by_keyword
        )

    def _code_name(self, index: Index) -> str:
        """The attribute whose declaration may make it: of its one column, where it has the name that this gives."""
        field = self._then.field(index.fields[0]) if len(index.keys) == 1 else None
        if field is None or index.name != f"ix_{self._then.name}_{field.name}":
            return ""
        return field.code_name

    def _keywords(self) -> dict[str, set[str]]:
        """The attributes of the class that are declared by a call, each with its keywords."""
        found = {}
        for statement in self._owner.body.body:
            name, call = _assigned(statement)
            if isinstance(call, cst.Call):
                found[name] = {a.keyword.value for a in call.args if a.keyword is not None}
        return found

    def _without(self, tree: cst.Module, index: Index) -> cst.Module:
        if index.name is None:
            return tree
        changed = tree.visit(_RemoveIndex(index.name))
        if not changed.deep_equals(tree) or len(index.keys) != 1:
            return changed
        field = self._now.field(index.fields[0])
        statement = self._module.statement_at(field.place.line) if field is not None and field.place else None
        if statement is None or field is None:
            return changed
        if not self._module.source(statement).strip().startswith(field.code_name):
            return changed  # the line is that of the column which took its place
        plain = parsed_statement(self._module.source(statement))
        without = plain.visit(_RemoveKeyword("index"))
        assert isinstance(without, cst.SimpleStatementLine)
        return tree.visit(Splice({statement: [without]}, {}, {}))

    def _written(self, index: Index, style: Style) -> str:
        keys = []
        for key in index.keys:
            text = f"{style.name('text')}({string(key.text)})" if key.expression else string(key.text)
            if key.nulls:
                text = f"{style.name('text')}({string(key.text + key.order)})"
            elif key.descending:
                text = f"{style.name('desc')}({text})"
            keys.append(text)
        arguments = [string(index.name or ""), *keys]
        if index.unique:
            arguments.append("unique=True")
        if index.predicate:
            where = f"{style.name('text')}({string(index.predicate)})"
            arguments += [f"postgresql_where={where}", f"sqlite_where={where}"]
        return f"{style.name('Index')}({', '.join(arguments)})"


def _like(neighbours: Sequence[cst.BaseElement], element: cst.Element) -> cst.Element:
    """A new element, on a line of its own where the others are."""
    for one in neighbours:
        comma = one.comma
        if isinstance(comma, cst.Comma) and isinstance(comma.whitespace_after, cst.ParenthesizedWhitespace):
            bare = comma.whitespace_after.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=())
            return element.with_changes(comma=cst.Comma(whitespace_after=bare))
    return element


def _assigned(node: cst.CSTNode) -> tuple[str, cst.BaseExpression | None]:
    """The name that a statement assigns, and the value; no name where it is something else."""
    first = node.body[0] if isinstance(node, cst.SimpleStatementLine) else None
    if isinstance(first, cst.Assign):
        target: cst.BaseExpression = first.targets[0].target
    elif isinstance(first, cst.AnnAssign):
        target = first.target
    else:
        return "", None
    return (target.value if isinstance(target, cst.Name) else ""), first.value


def _alike(one: Index, other: Index) -> bool:
    return (one.keys, one.unique, one.kind, one.predicate) == (
        other.keys,
        other.unique,
        other.kind,
        other.predicate,
    )


def _names_index(node: cst.BaseExpression, name: str) -> bool:
    """Whether an expression is `Index("name", ...)`."""
    if (
        not isinstance(node, cst.Call)
        or not node.args
        or not isinstance(node.args[0].value, cst.SimpleString)
    ):
        return False
    callee = cst.Module([]).code_for_node(node.func).rpartition(".")[2]
    return callee == "Index" and node.args[0].value.evaluated_value == name


class _RemoveIndex(cst.CSTTransformer):
    """Takes `Index("name", ...)` out of a tuple or list, or away as a statement."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def leave_Tuple(self, original_node: cst.Tuple, updated_node: cst.Tuple) -> cst.Tuple:  # noqa: ARG002, N802 - LibCST's signature
        return updated_node.with_changes(elements=self._kept(updated_node.elements))

    def leave_List(self, original_node: cst.List, updated_node: cst.List) -> cst.List:  # noqa: ARG002, N802 - LibCST's signature
        return updated_node.with_changes(elements=self._kept(updated_node.elements))

    def _kept(self, elements: object) -> list[cst.BaseElement]:
        assert isinstance(elements, (list, tuple))
        kept = [element for element in elements if not _names_index(element.value, self._name)]
        if kept and len(kept) == 1 and len(elements) > 1:
            kept[0] = kept[0].with_changes(comma=cst.Comma())
        return kept

    def leave_SimpleStatementLine(  # noqa: N802 - LibCST's naming
        self,
        original_node: cst.SimpleStatementLine,
        updated_node: cst.SimpleStatementLine,
    ) -> cst.SimpleStatementLine | cst.RemovalSentinel:
        only = original_node.body[0]
        value = only.value if isinstance(only, (cst.Expr, cst.Assign, cst.AnnAssign)) else None
        if value is not None and _names_index(value, self._name):
            return cst.RemoveFromParent()
        new = updated_node.body[0]
        empty = isinstance(new, cst.Assign) and isinstance(new.value, cst.Tuple) and not new.value.elements
        if empty and cst.Module([]).code_for_node(new).startswith("__table_args__"):
            return cst.RemoveFromParent()
        return updated_node


class _RemoveKeyword(cst.CSTTransformer):
    """Takes a keyword argument out of the outermost call."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: ARG002, N802 - LibCST's signature
        kept = [a for a in updated_node.args if a.keyword is None or a.keyword.value != self._name]
        if kept and len(kept) != len(updated_node.args):
            kept[-1] = kept[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
        return updated_node.with_changes(args=kept)


class _AddKeyword(cst.CSTTransformer):
    """Adds `index=True` to the call that declares an attribute of a class."""

    def __init__(self, owner: str, name: str) -> None:
        super().__init__()
        self._owner, self._name = owner, name

    def visit_ClassDef(self, node: cst.ClassDef) -> bool:  # noqa: N802 - LibCST's naming
        """Only this class is looked into."""
        return node.name.value == self._owner

    def leave_SimpleStatementLine(  # noqa: N802 - LibCST's naming
        self,
        original_node: cst.SimpleStatementLine,  # noqa: ARG002 - LibCST's signature
        updated_node: cst.SimpleStatementLine,
    ) -> cst.SimpleStatementLine:
        """The declaration with one more keyword."""
        name, call = _assigned(updated_node)
        if name != self._name or not isinstance(call, cst.Call):
            return updated_node
        bare = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
        more = cst.Arg(cst.Name("True"), keyword=cst.Name("index"), equal=bare)
        changed = updated_node.with_deep_changes(call, args=[*call.args, more])
        assert isinstance(changed, cst.SimpleStatementLine)
        return changed


class _AddToTableArgs(cst.CSTTransformer):
    """Adds elements to the `__table_args__` of a class, in front of its options."""

    def __init__(self, owner: str, texts: list[str]) -> None:
        super().__init__()
        self._owner, self._texts = owner, texts

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:  # noqa: N802 - LibCST's naming
        if original_node.name.value != self._owner or not isinstance(updated_node.body, cst.IndentedBlock):
            return updated_node
        body = list(updated_node.body.body)
        for position, statement in enumerate(body):
            if self._assigns(statement, "__table_args__"):
                body[position] = self._extended(statement)
                return updated_node.with_changes(body=updated_node.body.with_changes(body=body))
        named = next((n + 1 for n, one in enumerate(body) if self._assigns(one, "__tablename__")), None)
        made = parsed_statement(f"__table_args__ = ({', '.join(self._texts)},)")
        where = named if named is not None else int(updated_node.get_docstring() is not None)
        if named is None and isinstance(made, cst.SimpleStatementLine):
            made, body[where:] = self._at_the_start(made, body[where:])
        body.insert(where, made)
        return updated_node.with_changes(body=updated_node.body.with_changes(body=body))

    def _at_the_start(
        self, made: cst.SimpleStatementLine, rest: list[cst.BaseStatement]
    ) -> tuple[cst.SimpleStatementLine, list[cst.BaseStatement]]:
        """The new statement in the place of the first one, which goes behind it after an empty line."""
        first = rest[0] if rest else None
        if not isinstance(first, cst.SimpleStatementLine):
            return made, rest
        above = [line for line in first.leading_lines if line.comment is None]
        comments = [line for line in first.leading_lines if line.comment is not None]
        below = first.with_changes(leading_lines=[cst.EmptyLine(indent=False), *comments])
        return made.with_changes(leading_lines=above), [below, *rest[1:]]

    def _assigns(self, node: cst.CSTNode, name: str) -> bool:
        return _assigned(node)[0] == name

    def _extended(self, node: cst.BaseStatement) -> cst.BaseStatement:
        assert isinstance(node, cst.SimpleStatementLine)
        first = node.body[0]
        assert isinstance(first, (cst.Assign, cst.AnnAssign))
        new = [cst.Element(cst.parse_expression(text)) for text in self._texts]
        value = first.value
        if isinstance(value, cst.Dict):
            value = cst.Tuple([*new, cst.Element(value)])
        elif isinstance(value, cst.Tuple):
            elements = list(value.elements)
            options = [elements.pop()] if elements and isinstance(elements[-1].value, cst.Dict) else []
            new = [_like(elements or options, element) for element in new]
            spaced = [*elements, *new, *options]
            value = value.with_changes(elements=[self._separated(e, one=len(spaced) == 1) for e in spaced])
        else:
            return node
        return node.with_changes(body=[first.with_changes(value=value)])

    def _separated(self, element: cst.BaseElement, *, one: bool) -> cst.BaseElement:
        """An element with a comma behind it; one that is laid out over lines keeps its own."""
        comma = getattr(element, "comma", None)
        if isinstance(comma, cst.Comma) and not isinstance(comma.whitespace_after, cst.SimpleWhitespace):
            return element
        return element.with_changes(comma=cst.Comma() if one else cst.MaybeSentinel.DEFAULT)
