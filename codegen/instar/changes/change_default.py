"""Another default: set before code relies on it, taken away when no code relies on it any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from instar.changes.base import Planned
from instar.changes.column import edit
from instar.changes.drafts import Draft
from instar.schema.operations import ChangeServerDefault

if TYPE_CHECKING:
    from instar.changes.context import Context
    from instar.changes.items import FieldItem

KINDS = ("change_default",)


def rolling(item: FieldItem, context: Context) -> Planned:  # noqa: ARG001 - the signature of every kind
    """One deploy; two where a server default goes that inserts may rely on."""
    old, new, title = item.old, item.new, item.title(item.new)
    in_code = msgspec.structs.replace(old, default=new.default, onupdate=new.onupdate)
    server = old.server_default != new.server_default
    goes = server and new.server_default is None
    after = new.server_default.text if new.server_default else None
    code = Draft(
        key=item.key("default_used"),
        kind="code",
        phase="expand",
        lines=((title, "always written" if goes else "given its new default"),),
        why=f"inserts that leave {old.name} out rely on the server's default"
        if goes
        else "code needs no more than that",
        changes=item.changes,
        edits=(edit(item, old, in_code),) if in_code != old else (),
        after=() if goes else (item.key("default"),),
    )
    if not server:
        return Planned(drafts=(code,))
    ddl = Draft(
        key=item.key("default"),
        kind="ddl",
        phase="contract" if goes else "expand",
        lines=((title, "loses its server default" if goes else f"given the server default {after}"),),
        why="no insert relies on it any more"
        if goes
        else "old code writes the field itself, or is served as before",
        apart_why=f"code in service relies on the default of {title} until {{previous}} is everywhere",
        changes=item.changes,
        operations=(
            ChangeServerDefault(
                table=item.table,
                namespace=item.namespace,
                field=old,
                before=old.server_default,
                after=new.server_default,
            ),
        ),
        edits=(edit(item, old, msgspec.structs.replace(old, server_default=new.server_default)),),
        apart=(code.key,) if goes else (),
    )
    code_needed = goes or in_code != old
    return Planned(drafts=(code, ddl) if code_needed else (ddl,))
