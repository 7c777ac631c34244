"""A table taken apart for comparison: what two ways of reading the same models must agree on."""

import re

from instar.schema.model import Table
from instar.schema.sql_text import canonical


def fields(table: Table) -> dict[str, object]:
    def default(value):
        if value is None or not value.constant:
            return value and "computed"
        member = re.fullmatch(r"<\w+\.(\w+): .*>", value.text)
        return repr(member[1]) if member else value.text

    return {
        field.name: {
            "type": field.type,
            "optional": field.optional,
            "attribute": field.attribute,
            "default": default(field.default),
            "onupdate": default(field.onupdate),
            "server_default": field.server_default
            and (canonical(field.server_default.text), field.server_default.constant),
            "generated": canonical(field.generated),
            "autoincrement": field.autoincrement,
            "comment": field.comment,
        }
        for field in table.fields
    }


def indexes(table: Table) -> set[object]:
    return {
        (
            i.name,
            tuple((canonical(k.text), k.expression, k.order) for k in i.keys),
            i.unique,
            i.kind,
            canonical(i.predicate),
            i.include,
        )
        for i in table.indexes
    }


def constraints(table: Table) -> set[object]:
    return {(c.kind, c.name, c.fields, canonical(c.expression), c.references) for c in table.constraints}
