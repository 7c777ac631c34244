"""Edits of TOML files that leave the rest of them as it is."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Mapping

CODES = "INS"


def with_section(text: str, values: Mapping[str, object], path: str) -> str:
    """The text of `pyproject.toml` or `instar.toml` with our section at its end.

    Args:
        text: The whole file; empty for a new one.
        values: The keys of the section.
        path: The file, which tells whether the section is `[tool.instar]` or the whole of it.

    Raises:
        InstarError: The file is no TOML, or leaves no room for the section.
    """
    section = tomlkit.dumps(dict(values))
    if path.rpartition("/")[2] == "pyproject.toml":
        section = f"[tool.instar]\n{section}"
    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    added = gap + section
    if "\r\n" in text:
        added = added.replace("\n", "\r\n")
    edited = text + added
    _check(edited, path)
    return edited


def with_external_codes(text: str, path: str) -> str | None:
    """The text of `pyproject.toml` or `ruff.toml` in which ruff keeps our `noqa` comments.

    Returns:
        None where ruff is not configured there, or keeps them already.

    Raises:
        InstarError: The file is no TOML.
    """
    try:
        document: Any = tomlkit.parse(text)
    except TOMLKitError as error:
        raise InstarError(f"this is not valid TOML: {error}", path=path) from None
    own = path.rpartition("/")[2] in {"ruff.toml", ".ruff.toml"}
    ruff = document if own else document.get("tool", {}).get("ruff")
    if ruff is None:
        return None
    before = tomllib.loads(text)
    lint = ruff.get("lint")
    if lint is None:
        ruff["lint"] = tomlkit.table()
        lint = ruff["lint"]
    codes = lint.get("external")
    if codes is None:
        lint["external"] = [CODES]
    elif any(str(code).startswith(CODES) for code in codes):
        return None
    else:
        codes.append(CODES)
    edited = str(tomlkit.dumps(document))
    _check_only_added(before, tomllib.loads(edited), path, own=own)
    return edited


def _check(text: str, path: str) -> None:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InstarError(f"[tool.instar] cannot be added: {error}. Add it by hand.", path=path) from None


def _check_only_added(before: dict[str, Any], after: dict[str, Any], path: str, *, own: bool) -> None:
    """Nothing but our code may differ."""
    ruff = after if own else after["tool"]["ruff"]
    codes = ruff["lint"]["external"]
    codes.remove(CODES)
    old = before if own else before["tool"]["ruff"]
    if not codes and "external" not in old.get("lint", {}):
        del ruff["lint"]["external"]
    if not ruff["lint"] and "lint" not in old:
        del ruff["lint"]
    if before != after:
        raise InstarError(
            f'lint.external = ["{CODES}"] cannot be added to ruff safely. Add it by hand.', path=path
        )
