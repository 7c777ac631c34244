"""The flake8 plugin: what flake8 loads for the prefix `INS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ast
    from collections.abc import Iterator


class Plugin:
    """One object per file; flake8 passes what the parameters name."""

    name = "instar"
    version = "0.1.0"

    def __init__(self, tree: ast.AST) -> None:
        self.tree = tree

    def run(self) -> Iterator[tuple[int, int, str, type]]:
        """The findings of this file: line, 0-based column, text, and this class."""
        yield from ()
