"""The fields of one class: taken out, put in, and changed where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.editing import declarations, sqlmodel_fields
from instar.dialects.sqlalchemy.editing.imports import imported, with_used, without_unused
from instar.dialects.sqlalchemy.editing.statements import Splice, parsed_statement
from instar.dialects.sqlalchemy.editing.style import Style
from instar.dialects.sqlalchemy.editing.texts import text_key
from instar.errors import InstarError
from instar.schema.operations import SyncFields, UnsyncFields

if TYPE_CHECKING:
    import libcst as cst

    from instar.dialects.sqlalchemy.editing.imports import Import
    from instar.dialects.sqlalchemy.editing.statements import Module
    from instar.schema.migration import Declaration, Migration
    from instar.schema.model import Field, Schema, Table


class FieldEdits:
    """The edits of the fields of one table in its file.

    Args:
        module: The file.
        migration: The plan.
        now: The table as the file declares it.
        then: The table as it should declare it.
        schema: The whole schema, to notice declarations that tables share.

    Raises:
        InstarError: The table is not declared by a class.
    """

    def __init__(self, module: Module, migration: Migration, now: Table, then: Table, schema: Schema) -> None:
        self._module, self._migration = module, migration
        self._now, self._then, self._schema = now, then, schema
        assert now.place is not None
        owner = module.class_at(now.place.line)
        if owner is None:
            raise InstarError(
                f'the table "{now.name}" is not declared by a class; change its columns by hand to what '
                "instar plan shows, and generate again.",
                path=now.place.path,
                line=now.place.line,
            )
        self._owner = owner
        self._bound = imported(module.tree)
        self._style = Style(owner, self._bound)
        self._needed: set[Import] = set()
        self._replaced: dict[cst.CSTNode, list[cst.SimpleStatementLine]] = {}
        self._after: dict[cst.CSTNode, list[cst.SimpleStatementLine]] = {}
        self._at_end: dict[cst.CSTNode, list[cst.SimpleStatementLine]] = {}
        self._stands: dict[str, cst.CSTNode] = {}

    def apply(self, names: set[str]) -> str:
        """The file's text with these fields, by stored name, as they should be."""
        gone = [f for f in self._now.fields if f.name in names and self._then.field(f.name) is None]
        come = [f for f in self._then.fields if f.name in names and self._now.field(f.name) is None]
        for field in self._then.fields:
            current = self._now.field(field.name)
            if field.name in names and current is not None and not _same(current, field):
                statement = self._statement(current)
                self._replaced[statement] = [self._changed(statement, current, field)]
        places: dict[str, Field] = {}
        for field in come:
            partner = next((one for one in gone if self._partners(one, field)), None)
            if partner is not None:
                gone.remove(partner)
                places[field.name] = partner
        for field in gone:
            self._replaced.setdefault(self._statement(field), [])
        for field in sorted(come, key=lambda one: one.name not in places):
            self._put(field, places.get(field.name))
        if not (self._replaced or self._after or self._at_end):
            return self._module.tree.code
        edited = self._module.tree.visit(Splice(self._replaced, self._after, self._at_end))
        complete = with_used(edited, self._needed | self._style.needed)
        return without_unused(self._module.tree, complete).code

    def _put(self, field: Field, partner: Field | None) -> None:
        """A declaration in the place of the one it takes over from, else behind its neighbour of the target."""
        statement = self._new(field)
        if partner is not None:
            self._stands[field.name] = self._statement(partner)
            self._replaced[self._stands[field.name]] = [statement]
            return
        before = self._above(field)
        for name in reversed(before):
            neighbour = self._now.field(name)
            found = self._stands.get(name) or (self._own(neighbour) if neighbour is not None else None)
            if found is not None:
                self._after.setdefault(found, []).append(statement)
                return
        last = [s for s in map(self._own, self._now.fields) if s is not None]
        if last:
            self._after.setdefault(max(last, key=self._module.line), []).append(statement)
        else:
            self._at_end.setdefault(self._owner, []).append(statement)

    def _above(self, field: Field) -> list[str]:
        """The stored names of the fields above this one: as the user wrote the target, else as it is declared."""
        start = text_key("target", self._now.namespace, self._now.name, "")
        wrote = {
            kept.field.code_name: kept.field.place
            for key, kept in self._migration.declarations.items()
            if key.startswith(start) and kept.field.place is not None
        }
        here = wrote.get(field.code_name)
        if here is None:
            order = [f.name for f in self._then.fields]
            return order[: order.index(field.name)]
        above = sorted((place, name) for name, place in wrote.items() if place < here)
        stored = {f.code_name: f.name for f in self._then.fields}
        return [stored[name] for _, name in above if name in stored]

    def _own(self, field: Field) -> cst.SimpleStatementLine | None:
        """A field's statement, where it stands in the class itself."""
        found = self._module.statement_at(field.place.line) if field.place is not None else None
        return found if found is not None and found in self._owner.body.body else None

    def _statement(self, field: Field) -> cst.SimpleStatementLine:
        """The statement that declares a field of this class alone."""
        statement = self._own(field)
        sharing = [
            table.name
            for table in self._schema.tables
            if table.key != self._now.key and any(f.place == field.place for f in table.fields)
        ]
        place = field.place
        if statement is None or sharing:
            why = (
                f"tables {', '.join(sharing[:3])} share it"
                if sharing
                else "it is not in the class of its table"
            )
            raise InstarError(
                f"the declaration of {self._now.name}.{field.name} cannot be edited: {why}. "
                "Change it by hand to what instar plan shows, and generate again.",
                path=place.path if place else None,
                line=place.line if place else None,
            )
        return statement

    def _changed(
        self, statement: cst.SimpleStatementLine, current: Field, field: Field
    ) -> cst.SimpleStatementLine:
        """A declaration that stays, with what differs; another type is written anew, or as it once stood."""
        if current.type == field.type:
            return self._adjusted(statement, field)
        kept = self._kept(field)
        base = self._from_text(kept) if kept is not None else self._written(field)
        return self._adjusted(base, field)

    def _new(self, field: Field) -> cst.SimpleStatementLine:
        kept = self._kept(field)
        if kept is not None:
            return self._adjusted(self._from_text(kept), field)
        return self._adjusted(self._written(field), field)

    def _written(self, field: Field) -> cst.SimpleStatementLine:
        write = sqlmodel_fields.written if self._style.sqlmodel else declarations.written
        return write(field, self._style)

    def _kept(self, field: Field) -> Declaration | None:
        """How the user wrote this field, at either end of the migration; of its type, under any name in code."""
        for side, schema in (("before", self._migration.before), ("target", self._migration.target)):
            table = schema.table(self._now.name, self._now.namespace)
            found = table.field(field.name) if table is not None else None
            if found is None:
                continue
            key = text_key(side, self._now.namespace, self._now.name, found.code_name)
            kept = self._migration.declarations.get(key)
            if kept is not None and kept.field.type == field.type:
                return kept
        return None

    def _from_text(self, kept: Declaration) -> cst.SimpleStatementLine:
        for module, name in kept.imports:
            if (name or module.split(".")[0]) not in self._bound:
                self._needed.add((module, name))
        return parsed_statement(kept.text)

    def _adjusted(self, statement: cst.SimpleStatementLine, field: Field) -> cst.SimpleStatementLine:
        alone, by_keyword = (field.name,), self._in_step(field)
        index = any(index.fields == alone for index in self._then.indexes)
        unique = any(c.kind == "unique" and c.fields == alone for c in self._then.constraints) or any(
            index.unique and index.fields == alone for index in self._then.indexes
        )
        adjust = sqlmodel_fields.adjusted if self._style.sqlmodel else declarations.adjusted
        return adjust(
            statement, field, callee=self._style.callee, by_keyword=by_keyword, index=index, unique=unique
        )

    def _pairs(self) -> set[tuple[str, str]]:
        return {
            (act.old.name, act.new.name)
            for step in self._migration.steps
            for act in step.operations
            if isinstance(act, SyncFields | UnsyncFields)
            and (act.namespace, act.table) == (self._now.namespace, self._now.name)
        }

    def _in_step(self, field: Field) -> bool:
        """Whether triggers fill the field, so that code never sees it empty although the column is nullable."""
        for old, new in self._pairs():
            before = self._migration.before.table(self._now.name, self._now.namespace)
            if new == field.name and before is not None:
                was = before.field(old)
                return was is not None and not was.optional
        return False

    def _partners(self, one: Field, other: Field) -> bool:
        return one.code_name == other.code_name or bool(
            self._pairs() & {(one.name, other.name), (other.name, one.name)}
        )


def _same(now: Field, then: Field) -> bool:
    """Whether two fields are declared alike, as far as an edit is concerned."""
    return (
        now.type == then.type
        and now.optional == then.optional
        and now.code_name == then.code_name
        and (now.server_default is None) == (then.server_default is None)
    )
