"""What a module of this package defines to be a kind of change. It is found by its file.

A module defines `KINDS`, the kinds that it plans, and for each deploy model that it knows one function:

    def rolling(item, context) -> Planned     old and new code run side by side
    def atomic(item, context) -> Planned      code, schema and indexes switch at once

A model that it does not define is one in which its kinds are recognised and not planned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from instar.changes.context import Context
from instar.changes.drafts import Draft
from instar.changes.items import ConstraintItem, FieldItem, IndexItem
from instar.schema.migration import Decision

Item: TypeAlias = FieldItem | IndexItem | ConstraintItem


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The acts of one change, and what the user has to know or to decide."""

    drafts: tuple[Draft, ...] = ()
    decisions: tuple[Decision, ...] = ()
    notes: tuple[str, ...] = ()


Planner: TypeAlias = Callable[[Item, Context], Planned]
