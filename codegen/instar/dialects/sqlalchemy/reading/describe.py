"""Mapped classes as a linter needs them: attributes, relationships and their other sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.dialects.sqlalchemy.mapping import AttributeKind, CoreTable, MappedAttribute, MappedClass, Models
from instar.dialects.sqlalchemy.reading.annotated import relationship_target
from instar.dialects.sqlalchemy.reading.attributes_of import Declared, all_attributes
from instar.dialects.sqlalchemy.reading.classes import ClassValue
from instar.dialects.sqlalchemy.reading.direction import Direction, points_at
from instar.dialects.sqlalchemy.reading.values import Applied, LambdaValue, Symbol, Value

if TYPE_CHECKING:
    from instar.dialects.sqlalchemy.reading.drafts import TableDraft
    from instar.dialects.sqlalchemy.reading.survey import Survey


class Description:
    """Describes the classes that a survey found."""

    def __init__(self, survey: Survey) -> None:
        self._survey = survey
        self._project = survey.project
        self._by_name: dict[str, list[ClassValue]] = {}
        for owner in survey.classes:
            self._by_name.setdefault(owner.name, []).append(owner)
        self._backrefs: dict[str, list[MappedAttribute]] = {}

    def models(self) -> Models:
        """All mapped classes, their bases and mixins, and the Core tables."""
        mapped = [owner for owner in self._survey.classes if self._survey.tables.of_class(owner) is not None]
        above = {id(base) for owner in mapped for base in owner.ancestors}
        wanted = [owner for owner in self._survey.classes if id(owner) in above or self._concerns(owner)]
        found = [(owner, self._class(owner)) for owner in wanted]
        classes = [self._with_backrefs(each, owner) for owner, each in found]
        unique = {mapped.qualified: mapped for mapped in classes}
        return Models(
            classes=tuple(unique[name] for name in sorted(unique)),
            tables=tuple(sorted(self._core_tables(), key=lambda table: table.qualified)),
            modules=tuple(sorted((module.path, module.name) for module in self._project.loaded())),
        )

    def _concerns(self, owner: ClassValue) -> bool:
        """Whether a class without a table and without mapped subclasses is of interest all the same."""
        roots = self._project.declared.roots(owner)
        return (
            bool(roots & {"declarative", "flask", "library", "sqlmodel"})
            or self._imperative(owner) is not None
        )

    def _imperative(self, owner: ClassValue) -> TableDraft | None:
        table = next((table for mapped, table in self._survey.imperative if mapped is owner), None)
        return self._survey.tables.of_reference(table)

    def _class(self, owner: ClassValue) -> MappedClass:
        imperative = self._imperative(owner)
        draft = self._survey.tables.of_class(owner) or imperative
        attributes = {
            each.name: self._attribute(each, owner, draft) for each in all_attributes(self._project, owner)
        }
        for inherited in self._library_attributes(owner, draft):
            attributes.setdefault(inherited.name, inherited)
        if imperative is not None:
            for name, column in imperative.attributes.items():
                attributes.setdefault(
                    name, MappedAttribute(name=name, kind="column", column=column.name, place=column.place)
                )
        return MappedClass(
            qualified=owner.qualified,
            module=owner.module.name,
            name=owner.name,
            path=owner.module.path,
            place=owner.place,
            bases=tuple(self._qualified(base) for base in owner.bases),
            table=draft.name if draft is not None else None,
            namespace=draft.namespace if draft is not None else None,
            attributes=tuple(attributes[name] for name in sorted(attributes)),
            abstract=draft is None,
            polymorphic=draft is not None and imperative is None and draft.owner is not owner,
        )

    def _library_attributes(self, owner: ClassValue, draft: TableDraft | None) -> list[MappedAttribute]:
        if draft is None:
            return []
        names = [
            name
            for base in owner.foreign
            if (known := self._project.declared.library(base))
            for name in known.columns
        ]
        return [
            MappedAttribute(name=name, kind="column", column=name) for name in names if name in draft.columns
        ]

    def _qualified(self, base: Value) -> str:
        if isinstance(base, ClassValue):
            return base.qualified
        if isinstance(base, Symbol):
            return base.path
        return getattr(base, "name", "") or getattr(getattr(base, "callee", None), "path", "") or "?"

    def _attribute(self, declared: Declared, owner: ClassValue, draft: TableDraft | None) -> MappedAttribute:
        if declared.kind == "column" and declared.columns:
            column = declared.columns[0]
            own = draft is None or column.name in draft.columns
            table = None if own else self._giver_table(declared.giver)
            return MappedAttribute(
                name=declared.name,
                kind="column",
                column=column.name,
                table=table,
                deferred=column.deferred,
                place=declared.place,
            )
        if declared.kind == "relationship":
            return self._relationship(declared, owner, draft)
        if declared.kind == "synonym" and isinstance(declared.value, Applied):
            first = (
                declared.value.arguments[0]
                if declared.value.arguments
                else declared.value.keywords.get("name")
            )
            found = draft.attributes.get(first) if draft is not None and isinstance(first, str) else None
            return MappedAttribute(
                name=declared.name, kind="synonym", column=found.name if found else None, place=declared.place
            )
        return MappedAttribute(name=declared.name, kind=_kind(declared.kind), place=declared.place)

    def _giver_table(self, giver: ClassValue) -> str | None:
        draft = self._survey.tables.of_class(giver)
        return draft.name if draft is not None else None

    def _relationship(
        self, declared: Declared, owner: ClassValue, draft: TableDraft | None
    ) -> MappedAttribute:
        value = declared.value
        keywords = value.keywords if isinstance(value, Applied) else {}
        given: Value = None
        if isinstance(value, Applied):
            given = value.arguments[0] if value.arguments else keywords.get("argument")
        many: bool | None = None
        target = self._target(given, owner)
        if declared.annotation is not None:
            inner, many = relationship_target(declared.annotation)
            target = target or self._target(inner, owner)
        if isinstance(keywords.get("uselist"), bool):
            many = keywords["uselist"] is True
        if many is None:
            many = self._many(draft, target, keywords, owner)
        back = keywords.get("back_populates")
        result = MappedAttribute(
            name=declared.name,
            kind="relationship",
            target=target.qualified if target is not None else None,
            many=many,
            back=back if isinstance(back, str) else None,
            dynamic=keywords.get("lazy") in {"dynamic", "write_only"} or _is_dynamic(declared),
            place=declared.place,
        )
        if declared.giver is owner or not self._project.declared.mapped(declared.giver):
            self._backref(keywords.get("backref"), result, owner, target)
        return result

    def _target(self, value: Value, owner: ClassValue) -> ClassValue | None:
        value = self._followed(value)
        if isinstance(value, ClassValue):
            return value
        if isinstance(value, str):
            found = self._by_name.get(value.rpartition(".")[2].strip(), [])
            near = [each for each in found if each.module is owner.module]
            return near[0] if near else found[0] if found else None
        return None

    def _many(
        self,
        draft: TableDraft | None,
        target: ClassValue | None,
        keywords: dict[str, Value],
        owner: ClassValue,
    ) -> bool:
        """Without a word on it: one where this table points at the other, many otherwise."""
        if "secondary" in keywords:
            return True
        other = self._survey.tables.of_class(target) if target is not None else None
        if draft is None or other is None:
            return False
        told = Direction(draft, other, lambda value: self._table_of(value, owner)).many(
            self._followed(keywords.get("foreign_keys")), self._followed(keywords.get("primaryjoin"))
        )
        if told is not None:
            return told
        points = any(points_at(column, other) for column in draft.columns.values())
        back = any(points_at(column, draft) for column in other.columns.values())
        if draft is other:
            return "remote_side" not in keywords
        return back and not points

    def _table_of(self, value: Value, owner: ClassValue) -> TableDraft | None:
        """The table of a class that is named or meant; of an expression such as `User.__table__.c`."""
        named = self._target(value, owner)
        return self._survey.tables.of_reference(named if named is not None else value)

    def _followed(self, value: Value) -> Value:
        """What a function without arguments gives."""
        if isinstance(value, LambdaValue):
            return self._project.evaluator.evaluate(value.body, value.scope)
        return value

    def _backref(
        self, value: Value, side: MappedAttribute, owner: ClassValue, target: ClassValue | None
    ) -> None:
        options: dict[str, Value] = {}
        if isinstance(value, Applied):
            options = value.keywords
            value = value.arguments[0] if value.arguments else options.get("name")
        if not isinstance(value, str) or target is None:
            return
        many = options["uselist"] is True if isinstance(options.get("uselist"), bool) else not side.many
        other = MappedAttribute(
            name=value, kind="relationship", target=owner.qualified, many=many, back=side.name, place=side.place,
            dynamic=options.get("lazy") == "dynamic",
        )  # fmt: skip
        self._backrefs.setdefault(target.qualified, []).append(other)

    def _with_backrefs(self, mapped: MappedClass, owner: ClassValue) -> MappedClass:
        added = [each for base in owner.ancestors for each in self._backrefs.get(base.qualified, [])]
        if not added:
            return mapped
        attributes = {each.name: each for each in added} | {each.name: each for each in mapped.attributes}
        return msgspec.structs.replace(
            mapped, attributes=tuple(attributes[name] for name in sorted(attributes))
        )

    def _core_tables(self) -> list[CoreTable]:
        found = []
        for qualified, value in self._survey.variables.items():
            draft = self._survey.tables.of_call(value)
            if draft is not None:
                keys = tuple((c.key, c.name) for c in draft.columns.values() if c.key and c.key != c.name)
                found.append(
                    CoreTable(
                        qualified=qualified,
                        table=draft.name,
                        namespace=draft.namespace,
                        keys=keys,
                        place=draft.place,
                    )
                )
        return found


def _is_dynamic(declared: Declared) -> bool:
    return declared.annotation is not None and declared.annotation.container in {
        "DynamicMapped",
        "WriteOnlyMapped",
    }


def _kind(kind: str) -> AttributeKind:
    kinds: dict[str, AttributeKind] = {
        "column_property": "column_property", "hybrid": "hybrid", "composite": "composite", "proxy": "proxy",
        "synonym": "synonym", "method": "method",
    }  # fmt: skip
    return kinds.get(kind, "property")
