"""The Python frontend: source text to facts, by `ast` and a forward flow analysis inside each function."""

from instar_lint.python.collect import collect, facts_of
from instar_lint.python.knowledge import Knowledge
from instar_lint.python.watch import Watch

__all__ = ["Knowledge", "Watch", "collect", "facts_of"]
