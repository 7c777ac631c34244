"""A source with some files replaced: unsaved buffers, edits that are not written yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from instar.sources.base import SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from instar.sources.base import Source


class OverlaySource:
    """`source` with the content of `buffers` in place of its own; a buffer of None hides the file.

    Args:
        source: What lies below.
        buffers: Path relative to the repository root, to content.
        label: How a user names it; the label of `source` when absent.
    """

    def __init__(self, source: Source, buffers: Mapping[str, bytes | None], label: str | None = None) -> None:
        self._source = source
        self._buffers = dict(buffers)
        self._label = label or source.label

    @property
    def label(self) -> str:
        """How a user names this version."""
        return self._label

    def files(self, suffixes: Iterable[str]) -> tuple[SourceFile, ...]:
        """The files below that are not hidden, and the buffers."""
        endings = tuple(suffixes)
        below = (file for file in self._source.files(endings) if file.path not in self._buffers)
        above = (
            SourceFile(path, blob_id(data), len(data))
            for path, data in self._buffers.items()
            if data is not None and path.endswith(endings)
        )
        return tuple(sorted((*below, *above)))

    def read(self, path: str) -> bytes | None:
        """The buffer, or the content below."""
        if path in self._buffers:
            return self._buffers[path]
        return self._source.read(path)

    def read_many(self, paths: Iterable[str]) -> Mapping[str, bytes]:
        """The buffers and contents; missing ones are left out."""
        wanted = list(paths)
        found = dict(self._source.read_many(path for path in wanted if path not in self._buffers))
        found.update((p, data) for p in wanted if (data := self._buffers.get(p)) is not None)
        return found


def blob_id(data: bytes) -> str:
    """What git calls this content: the SHA-1 of its blob object."""
    import hashlib  # noqa: PLC0415 - it loads OpenSSL, and most runs hash nothing

    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
