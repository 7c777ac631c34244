"""What the code that renders a template passes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from instar.sources import Source
    from instar_lint.python.knowledge import Knowledge
    from instar_lint.python.values import Value


def contexts(source: Source, knowledge: Knowledge, template: str) -> dict[str, Value]:
    """The variables of a template by the calls and views that name it, joined over all of them."""
    _ = (source, knowledge, template)
    return {}
