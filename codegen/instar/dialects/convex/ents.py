"""`convex-ents`: tables with edges between them, and the tables that edges of many to many need.

Follows `src/schema.ts` of the package, version 0.20. An edge is worth a field with an index, a field of the other side, or
a table of its own; which of them is only known when all tables are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from instar.dialects.convex.values import (
    UNDEFINED,
    Entry,
    IndexValue,
    JsArray,
    JsObject,
    Native,
    TableValue,
    Undefined,
    Unknown,
    Validator,
    Value,
    as_validator,
    object_validator,
    union_validator,
)
from instar.dialects.convex.vocabulary import as_object_validator, define_schema, id_validator, optional
from instar.schema.types import FloatType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from instar.schema.model import Place

    Arguments = tuple[Value, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """One end of an edge, as `.edge(…)` or `.edges(…)` declares it.

    Attributes:
        to: The table at the other end.
        many: Whether it leads to several documents.
        stored: Whether a field stores it: here where it leads to one, at the other end where it leads to many.
        field: The field here; of a table of edges, its field for this end.
        ref: The field at the other end; None where it is whatever the other end says.
        table: The name of the table of edges, where it is given.
        inverse: The edge of the same table that this one is the way back of.
        inverse_field: The field of the table of edges for the other end, where it is given.
    """

    name: str
    to: str
    many: bool
    stored: bool
    field: str | None = None
    ref: str | None = None
    table: str | None = None
    inverse: str | None = None
    inverse_field: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class EntValue(TableValue):
    """A `defineEnt(…)` with everything chained onto it; its fields hold those of its edges already."""

    edges: Mapping[str, Edge] = field(default_factory=dict)


class _UnclearError(Exception):
    """An argument that decides what is declared is not known."""

    def __init__(self, fault: Unknown) -> None:
        super().__init__(fault.reason)
        self.fault = fault


def _argument(arguments: Arguments, position: int) -> Value:
    return arguments[position] if position < len(arguments) else UNDEFINED


def _known(value: Value) -> Value:
    if isinstance(value, Unknown):
        raise _UnclearError(value)
    return value


def _text(value: Value) -> str | None:
    found = _known(value)
    if isinstance(found, str):
        return found
    if isinstance(found, Undefined):
        return None
    raise _UnclearError(Unknown("this name is not known"))


def _options(arguments: Arguments, position: int) -> JsObject:
    given = _known(_argument(arguments, position))
    return given if isinstance(given, JsObject) else JsObject()


def _expanded(ent: EntValue, name: str, validator: Validator) -> EntValue:
    """The ent with one field more, in each member of a union."""
    base = ent.validator
    if isinstance(base, Unknown):
        return ent
    return replace(ent, validator=_with_field(base, name, validator))


def _with_field(base: Validator, name: str, validator: Validator) -> Validator:
    if base.kind == "union":
        return union_validator(tuple(_with_field(member, name, validator) for member in base.members))
    if base.fields is None:
        return base
    entries = dict(base.fields.entries) | {name: Entry(validator, None)}
    return object_validator(JsObject(entries, base.fields.rest), optional=base.optional)


def _indexed(ent: EntValue, name: str, fields: tuple[str, ...], place: Place | None) -> EntValue:
    index = IndexValue("index", name, JsArray(fields), place)
    return replace(ent, indexes=(*ent.indexes, index))


def _field(ent: EntValue, arguments: Arguments, place: Place | None) -> EntValue:
    """`.field(name, validator, { index, unique, default })`."""
    name, options = _text(_argument(arguments, 0)) or "", _options(arguments, 2)
    validator = as_validator(_argument(arguments, 1))
    default = options.get("default")
    # Only that there is a default counts, not what it is.
    absent = isinstance(default, Undefined) or default is options.rest
    ent = _expanded(ent, name, validator if absent else optional(validator))
    if True in (_known(options.get("unique")), _known(options.get("index"))):
        ent = _indexed(ent, name, (name,), place)
    return ent


def _edge(ent: EntValue, arguments: Arguments, place: Place | None) -> EntValue:
    """`.edge(name, { to, field, ref, optional })`: to one document."""
    name, options = _text(_argument(arguments, 0)) or "", _options(arguments, 1)
    to = _text(options.get("to")) or f"{name}s"
    ref = _known(options.get("ref"))
    if isinstance(ref, str | bool):
        edge = Edge(name, to, many=False, stored=False, ref=ref if isinstance(ref, str) else None)
        return replace(ent, edges={**ent.edges, name: edge})
    stored_in = _text(options.get("field")) or f"{name}Id"
    target = id_validator(to)
    ent = _expanded(
        ent, stored_in, optional(target) if _known(options.get("optional")) is True else as_validator(target)
    )
    edge = Edge(name, to, many=False, stored=True, field=stored_in)
    return _indexed(replace(ent, edges={**ent.edges, name: edge}), stored_in, (stored_in,), place)


def _edges(ent: EntValue, arguments: Arguments, _place: Place | None) -> EntValue:
    """`.edges(name, { to, ref, table, field, inverse, inverseField })`: to several documents."""
    name, options = _text(_argument(arguments, 0)) or "", _options(arguments, 1)
    to = _text(options.get("to")) or name
    ref, table, inverse = (
        _known(options.get("ref")),
        _text(options.get("table")),
        _text(options.get("inverse")),
    )
    if isinstance(ref, Undefined):
        own = Edge(
            name,
            to,
            many=True,
            stored=False,
            table=table,
            field=_text(options.get("field")),
            inverse_field=_text(options.get("inverseField")),
        )
    else:
        own = Edge(name, to, many=True, stored=True, ref=ref if isinstance(ref, str) else None)
    edges = {**ent.edges, name: own}
    if inverse is not None:
        edges[inverse] = Edge(inverse, to, many=True, stored=False, table=table, inverse=name)
    return replace(ent, edges=edges)


def _deletion(ent: EntValue, _arguments: Arguments, _place: Place | None) -> EntValue:
    """`.deletion("soft" | "scheduled", …)`."""
    return _expanded(ent, "deletionTime", optional(Validator("float64", FloatType(64))))


_METHODS: Final[dict[str, Callable[[EntValue, Arguments, Place | None], EntValue]]] = {
    "field": _field,
    "edge": _edge,
    "edges": _edges,
    "deletion": _deletion,
}


def ent_member(ent: EntValue, name: str, place: Place | None) -> Value | None:
    """`ent.name` where it is a method that tables have not; None where it is none."""
    method = _METHODS.get(name)
    if method is None:
        return None

    def call(arguments: Arguments) -> Value:
        try:
            return method(ent, arguments, place)
        except _UnclearError as error:
            return error.fault

    return Native(name, call)


def _define_ent(arguments: Arguments) -> Value:
    given = _argument(arguments, 0)
    return given if isinstance(given, Unknown) else EntValue(as_object_validator(given))


def _ent_from_table(table: Value) -> Value:
    if not isinstance(table, TableValue):
        return table if isinstance(table, Unknown) else Unknown("this is no table definition")
    return EntValue(table.validator, table.indexes, place=table.place)


def _ents_from_tables(arguments: Arguments) -> Value:
    tables = _argument(arguments, 0)
    if not isinstance(tables, JsObject):
        return tables if isinstance(tables, Unknown) else Unknown("these tables are not known")
    entries = {
        name: replace(entry, value=_ent_from_table(entry.value)) for name, entry in tables.entries.items()
    }
    return JsObject(entries, tables.rest)


def _define_ent_schema(arguments: Arguments) -> Value:
    """`defineEntSchema(ents, options)`: a schema with the tables that edges need."""
    given = _argument(arguments, 0)
    if not isinstance(given, JsObject):
        return define_schema(arguments)
    try:
        tables = _with_edge_tables(given)
    except _UnclearError as error:
        tables = JsObject(given.entries, given.rest or error.fault)
    return define_schema((tables, *arguments[1:]))


def _with_edge_tables(given: JsObject) -> JsObject:
    """The tables, and one for each edge of many to many.

    Raises:
        _UnclearError: What an edge leads to, or which edge is its way back, is not known.
    """
    ents = {name: entry.value for name, entry in given.entries.items()}
    edges = {name: dict(ent.edges) for name, ent in ents.items() if isinstance(ent, EntValue)}
    made: dict[str, Entry] = {}
    for table in list(edges):
        for edge in list(edges[table].values()):
            current = edges[table][edge.name]
            finished = current.many and not current.stored and (current.inverse or current.ref)
            if finished or current.to.startswith("_"):
                continue
            if current.to not in edges:
                unknown = ents.get(current.to, given.rest)
                reason = f'the table "{current.to}" of edge "{current.name}" is not known'
                raise _UnclearError(unknown if isinstance(unknown, Unknown) else Unknown(reason))
            back = _way_back(table, current, edges[current.to])
            _check_pair(current, back)
            if not current.many:
                if not current.stored and current.ref is None and back is not None:
                    edges[table][current.name] = replace(current, ref=back.field)
            elif back is not None and not back.many:
                edges[table][current.name] = replace(current, stored=True, ref=back.field)
            else:
                name, own, other = _edge_table_names(table, current, back)
                made[name] = Entry(_edge_table(table, current.to, own, other, symmetric=back is None))
                edges[table][current.name] = replace(current, table=name, field=own, ref=other)
                if back is not None:
                    edges[current.to][back.name] = replace(back, table=name, field=other, ref=own)
    return JsObject({**given.entries, **made}, given.rest)


def _check_pair(edge: Edge, back: Edge | None) -> None:
    """Refuse two ends that the package refuses.

    Raises:
        _UnclearError: Neither end, or both, would store the edge.
    """
    if back is None:
        return
    if edge.many != back.many:
        single, several = (back, edge) if edge.many else (edge, back)
        refused = not (single.stored and several.stored)
    elif edge.many:
        refused = edge.stored or back.stored
    else:
        refused = edge.stored == back.stored
    if refused:
        raise _UnclearError(Unknown(f'the edges "{edge.name}" and "{back.name}" do not fit together'))


def _way_back(table: str, edge: Edge, candidates: Mapping[str, Edge]) -> Edge | None:
    """The edge of the other table that is the other end of `edge`; None where a table's edge to itself has none.

    Raises:
        _UnclearError: There are several, or none where one is needed.
    """
    found = [one for one in candidates.values() if _can_be_inverse(table, edge, one)]
    if len(found) == 1:
        return found[0]
    if not found and edge.to == table and edge.many:
        return None
    amount = "several edges" if found else "no edge"
    raise _UnclearError(Unknown(f'{amount} of table "{edge.to}" can be the way back of edge "{edge.name}"'))


def _can_be_inverse(table: str, edge: Edge, candidate: Edge) -> bool:
    if candidate.to != table:
        return False
    if edge.to == table:
        return candidate.many and not candidate.stored and candidate.inverse == edge.name
    names_field = edge.ref is not None and edge.many == edge.stored
    if names_field and not candidate.many and candidate.stored:
        return edge.ref == candidate.field
    if not edge.many and edge.stored and candidate.ref is not None and candidate.many == candidate.stored:
        return edge.field == candidate.ref
    if edge.many and not edge.stored and edge.table is not None:
        return candidate.many and not candidate.stored and edge.table == candidate.table
    if candidate.many and not candidate.stored and candidate.table is not None:
        return edge.many and not edge.stored and edge.table == candidate.table
    return True


def _edge_table_names(table: str, edge: Edge, back: Edge | None) -> tuple[str, str, str]:
    """The name of a table of edges, and its two fields."""
    if edge.table is not None:
        name = edge.table
    elif back is None:
        name = f"{table}_{edge.name}"
    else:
        name = f"{back.name}_to_{edge.name}" if back.name == table else f"{table}_{back.name}_to_{edge.name}"
    itself = edge.to == table
    if back is None:
        return name, edge.field or "aId", edge.inverse_field or "bId"
    own = edge.field or (f"{back.name}Id" if itself else f"{table}Id")
    given = edge.inverse_field if itself else None
    return name, own, given or back.field or (f"{edge.name}Id" if itself else f"{edge.to}Id")


def _edge_table(table: str, to: str, own: str, other: str, *, symmetric: bool) -> EntValue:
    fields = {own: Entry(id_validator(table)), other: Entry(id_validator(to))}
    ent = EntValue(object_validator(JsObject(fields)))
    ways = [(own,), (other,), (own, other)] if symmetric else [(own,), (other,), (own, other), (other, own)]
    for way in ways:
        ent = _indexed(ent, "_".join(way), way, None)
    return ent


CONVEX_ENTS: Final[dict[str, Value]] = {
    "defineEnt": Native("defineEnt", _define_ent),
    "defineEntFromTable": Native("defineEntFromTable", lambda args: _ent_from_table(_argument(args, 0))),
    "defineEntsFromTables": Native("defineEntsFromTables", _ents_from_tables),
    "defineEntSchema": Native("defineEntSchema", _define_ent_schema),
}
