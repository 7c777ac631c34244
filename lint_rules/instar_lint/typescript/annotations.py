"""Type annotations and argument validators to kinds: `Doc<"users">`, `Id<"users">[]`, `v.id("users")`."""

from __future__ import annotations

import re

from instar_lint.typescript.kinds import Kind

_GENERIC = re.compile(r"""\b(Doc|Id)<\s*["'](\w+)["']\s*>(\s*\[\])?""")
_ARRAY = re.compile(r"\b(?:Array|ReadonlyArray|Set)<\s*(Doc|Id)<")
_ID = re.compile(r"""\bv\s*\.\s*id\(\s*["'](\w+)["']\s*,?\s*\)""")
_CONTEXT = re.compile(r"\b(?:Generic)?(?:Query|Mutation|Action)Ctx\b")
_DATABASE = re.compile(r"\bDatabase(?:Reader|Writer)\b")


def of_annotation(text: str) -> Kind | None:
    """The kind that a type says; None for any other type, and for one that names several tables."""
    if _CONTEXT.search(text):
        return Kind("context")
    if _DATABASE.search(text):
        return Kind("database")
    if "{" in text or "=>" in text:
        return None
    found = _GENERIC.findall(text)
    if len({(what, table) for what, table, _ in found}) != 1:
        return None
    what, table, brackets = found[0]
    many = bool(brackets) or _ARRAY.search(text) is not None or f"({what}<" in text.replace(" ", "")
    if what == "Doc":
        return Kind("documents" if many else "document", table)
    return Kind("ids" if many else "id", table)


def of_validator(text: str) -> Kind | None:
    """The kind of an argument by its validator."""
    found = set(_ID.findall(text))
    if len(found) != 1 or "v.object" in text:
        return None
    return Kind("ids" if "v.array" in text else "id", found.pop())
