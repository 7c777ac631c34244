"""Columns that a base class of a library brings, from the short notation of the table of known bases."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from instar.dialects.sqlalchemy.reading.drafts import ColumnDraft, ForeignKeyDraft
from instar.dialects.sqlalchemy.types import bind, read_type
from instar.errors import InstarError
from instar.schema.model import Default

if TYPE_CHECKING:
    from instar.schema.model import Place

_NOTATION = re.compile(
    r"(?P<type>\w+)(?:\((?P<arguments>[^)]*)\))?(?P<primary> primary_key)?(?P<required> not null)?(?P<unique> unique)?"
    r"(?P<index> index)?(?P<again> not null)?(?: default (?P<default>\S+))?(?: references (?P<target>[\w.]+)(?: ondelete (?P<ondelete>\w+))?)?"
)


def library_column(name: str, notation: str, place: Place) -> ColumnDraft:
    """The column of `TYPE [primary_key] [not null] [unique] [index] [default VALUE] [references TABLE.COLUMN …]`.

    The default is one that the application applies: a literal, or the name of what computes it.

    Raises:
        InstarError: The notation is not that; it may come from the configuration.
    """
    match = _NOTATION.fullmatch(" ".join(notation.split()))
    if match is None:
        raise InstarError(
            f'the column {name} = "{notation}" in [tool.instar.bases] is not of the form '
            '"TYPE [primary_key] [not null] [unique] [index] [default VALUE] [references TABLE.COLUMN]".'
        )
    keywords = {}
    for part in filter(None, (match["arguments"] or "").split(",")):
        key, _, value = part.rpartition("=")
        keywords[key.strip() or "length"] = ast.literal_eval(value.strip())
    draft = ColumnDraft(name=name, attribute=name, place=place)
    draft.type = read_type(f"sqlalchemy.{match['type']}", bind(match["type"], (), keywords))
    draft.primary_key = bool(match["primary"])
    draft.optional = not (match["primary"] or match["required"] or match["again"])
    draft.unique, draft.index = bool(match["unique"]), bool(match["index"])
    if match["default"]:
        draft.default = Default(text=match["default"], constant=_literal(match["default"]))
    if match["target"]:
        action = match["ondelete"].upper() if match["ondelete"] else None
        draft.foreign_keys.append(ForeignKeyDraft(match["target"], None, on_delete=action))
    return draft


def _literal(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return False
    return True
