"""Answers about the project that are worked out once, with the files that each of them was read from."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Answer = TypeVar("Answer")
_NEVER = 1 << 30


class Consulted(NamedTuple):
    """Something that an answer rests on.

    Attributes:
        kind: `path` for the content of a file, `part` for what binds one name in it, `name` for which file a dotted
            name means, `mention` for which files mention a name.
        name: The path, the dotted name, or the name that is mentioned.
        part: The name within the file.
    """

    kind: str
    name: str
    part: str = ""


class Memory:
    """Keeps answers by key.

    An answer that met a question still being asked (recursion) depends on where the asking began; only the outermost
    of such answers is kept. How deep a question is asked is part of its key. So what is known never depends on the
    order in which files and functions are looked at.

    Attributes:
        parsed: How many bytes of source are kept as syntax trees.
        apart: What is being worked out leaves a kind of question aside.
    """

    def __init__(self) -> None:
        self.parsed = 0
        self.apart = ""
        self._kept: dict[tuple[str, object], tuple[object, frozenset[Consulted]]] = {}
        self._asking: dict[object, int] = {}
        self._lowest = _NEVER
        self._traces: list[set[Consulted]] = []

    def remember(self, key: object, unfinished: Answer, ask: Callable[[], Answer]) -> Answer:
        """The answer to a question; `unfinished` where it is asked while it is being answered."""
        full = (self.apart, key)
        kept = self._kept.get(full)
        if kept is not None:
            self.note(kept[1])
            return cast("Answer", kept[0])
        if full in self._asking:
            self._lowest = min(self._lowest, self._asking[full])
            return unfinished
        index = len(self._asking)
        self._asking[full] = index
        outer, self._lowest = self._lowest, _NEVER
        seen: set[Consulted] = set()
        self._traces.append(seen)
        try:
            answer = ask()
        finally:
            del self._asking[full]
            lowest = self._lowest
            self._lowest = outer if lowest >= index else min(outer, lowest)
            self._traces.pop()
            self.note(seen)
        if lowest >= index:
            self._kept[full] = (answer, frozenset(seen))
        return answer

    @contextmanager
    def leaving_aside(self, kind: str) -> Iterator[None]:
        """Inside, questions of this kind are left aside; what is answered there is kept apart from other answers."""
        outer, self.apart = self.apart, kind
        try:
            yield
        finally:
            self.apart = outer

    def forget(self, *kinds: str) -> None:
        """Forget the answers to some kinds of questions: those that hold syntax trees."""
        self._kept = {
            (apart, key): kept
            for (apart, key), kept in self._kept.items()
            if not (isinstance(key, tuple) and key[0] in kinds)
        }

    def note(self, consulted: Iterable[Consulted]) -> None:
        """What is being worked out rests on these."""
        if self._traces:
            self._traces[-1].update(consulted)

    @contextmanager
    def traced(self) -> Iterator[set[Consulted]]:
        """Collects what is consulted inside."""
        seen: set[Consulted] = set()
        self._traces.append(seen)
        try:
            yield seen
        finally:
            self._traces.pop()
            self.note(seen)
