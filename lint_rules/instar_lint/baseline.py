"""Adopting the linter on an existing code base: known findings are kept in a file, new ones fail.

An entry names a finding by its rule, path, enclosing function, field or index, and its number among those that are
alike, never by its line. An entry that nothing matches any more is stale: the list can only get shorter.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from instar_lint.findings import Finding

FORMAT = 1


class Entry(msgspec.Struct, frozen=True, order=True):
    """One known finding.

    Attributes:
        path: The file.
        scope: The qualified name of the enclosing function or class; empty at module level.
        code: The rule.
        subject: The field or index that it is about.
        occurrence: Its number among the findings that agree in all of these, from 1.
    """

    path: str
    scope: str
    code: str
    subject: str
    occurrence: int

    def __str__(self) -> str:
        where = f" in {self.scope}" if self.scope else ""
        subject = f" {self.subject}" if self.subject else ""
        return f"{self.path}: {self.code}{subject}{where} (number {self.occurrence})"


class _Head(msgspec.Struct, frozen=True):
    version: int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    findings: tuple[Entry, ...]


def entries(findings: Iterable[Finding]) -> tuple[Entry, ...]:
    """The entry of every finding, in the order of the findings."""
    seen: Counter[tuple[str, str, str, str]] = Counter()
    found = []
    for finding in findings:
        key = (finding.place.path, finding.scope, finding.code, finding.subject)
        seen[key] += 1
        found.append(Entry(*key, seen[key]))
    return tuple(found)


def encode(findings: Sequence[Finding]) -> bytes:
    """The baseline file that knows these findings."""
    document = _File(version=FORMAT, findings=tuple(sorted(entries(findings))))
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def decode(data: bytes, path: str) -> frozenset[Entry]:
    """Read a baseline file.

    Raises:
        InstarError: It is none, or a newer instar wrote it.
    """
    try:
        if msgspec.json.decode(data, type=_Head).version > FORMAT:
            raise InstarError("a newer instar wrote this baseline. Upgrade instar to read it.", path=path)
        document = msgspec.json.decode(data, type=_File)
    except msgspec.MsgspecError as error:
        raise InstarError(
            f"this is no baseline: {error}. Write a new one with instar lint --baseline {path} --write-baseline.",
            path=path,
        ) from None
    return frozenset(document.findings)


def against(
    findings: Sequence[Finding], known: frozenset[Entry]
) -> tuple[tuple[Finding, ...], tuple[Entry, ...]]:
    """The findings that are new, and the entries that nothing matches any more."""
    keys = entries(findings)
    new = tuple(finding for finding, key in zip(findings, keys, strict=True) if key not in known)
    return new, tuple(sorted(known - set(keys)))
