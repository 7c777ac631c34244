"""Whether a file can have a finding, told without loading the project that it lies in.

A run that loaded the project keeps what it found out: the names that are in flight, and the files that have to be
looked at whatever they say. Another run may rely on that as long as nothing has changed that could matter, which it
sees from times and sizes alone (`unchanged.py`). With nothing in flight there are no names, and nothing is ever loaded.
"""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from instar.user_cache import cache_folder, code_stamp, store
from instar_lint.unchanged import State

if TYPE_CHECKING:
    from pathlib import Path

_FORMAT = 1


class Glance(NamedTuple):
    """What a project is about.

    Attributes:
        top: The folder that paths are relative to.
        flying: Whether anything is in flight.
        names: Words without which no file has a finding.
        read: Files that the declared schema came from: an unsaved edit of them may change everything.
        asked: Files that are looked at whatever they say.
    """

    top: str
    flying: bool
    names: tuple[str, ...]
    read: frozenset[str]
    asked: frozenset[str]

    def concerns(self, path: str, text: str) -> bool:
        """Whether a file with this content, which may not be saved yet, has to be looked at."""
        if path in self.asked or (any(name in text for name in self.names) and self._may_use(text)):
            return True
        return (path in self.read or self.flying) and self._redeclares(path, text)

    def _may_use(self, text: str) -> bool:
        """Whether a name stands there as code and raw SQL use it, not in a comment alone."""
        from instar_lint.hotness import Prefilter, words_of  # noqa: PLC0415 - only where a name stands

        return Prefilter(words_of(self.names), self.names).matches(text.encode("utf-8", "surrogateescape"))

    def _redeclares(self, path: str, text: str) -> bool:
        """Whether the content is not that on disk, and may declare something."""
        from instar.dialects.sqlalchemy.reading.declaring import declares  # noqa: PLC0415 - with a buffer only

        data = text.encode("utf-8", "surrogateescape")
        try:
            with open(f"{self.top}/{path}", "rb") as file:
                if file.read() == data:
                    return False
        except OSError:
            pass
        return path in self.read or declares(data)


class Glances:
    """What one project's runs keep and recall.

    Args:
        config_file: The configuration of the project.
        environment: The one environment that counts.
    """

    def __init__(self, config_file: Path, environment: str | None) -> None:
        self._question = f"{_FORMAT} {config_file} {environment}"
        folder = cache_folder()
        name = f"{crc32(self._question.encode('utf-8', 'surrogateescape')):08x}.marshal"
        self._file = folder / "glances" / name if folder is not None else None

    def recall(self) -> Glance | None:
        """What was found out, where it still holds."""
        if self._file is None:
            return None
        try:
            kept = marshal.loads(self._file.read_bytes())  # noqa: S302 - the user's own cache folder
            question, stamp, top, flying, names, read, asked, state = kept
            if (question, stamp) != (self._question, code_stamp()):
                return None
            found = Glance(top, flying, tuple(names), frozenset(read), frozenset(asked))
            return found if State(*state).holds(top, found.read | found.asked) else None
        except (OSError, EOFError, ValueError, TypeError, AttributeError):
            return None

    def keep(self, glance: Glance, state: State) -> None:
        """Keep what was found out about a project, whose files were like this before that."""
        if self._file is not None:
            found = (glance.top, glance.flying, glance.names, list(glance.read), list(glance.asked))
            files = (state.exact, state.files, state.folders, state.ignored)
            store(self._file, marshal.dumps((self._question, code_stamp(), *found, files)))
