"""What `npx convex run` prints of generated backfills, read back: verifications and the records of the tracking table."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from instar.errors import InstarError


class BackfillResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of one backfill in one deployment.

    Attributes:
        name: Its name in the tracking table.
        status: `running`, `completed` or `failed`; None where only its documents were counted.
        processed: Documents rewritten so far.
        remaining: Documents that still need work; None where nobody counted.
        examples: The ids of a few of them.
        error: Why it failed.
    """

    name: str
    status: str | None = None
    processed: int = 0
    remaining: int | None = None
    examples: tuple[str, ...] = ()
    error: str | None = None


def parse_results(text: str, path: str) -> tuple[BackfillResult, ...]:
    """Read one or more results: of `…:verify`, of `…/tracking:status`, or several of them one after the other.

    Args:
        text: What the commands printed.
        path: Where it came from, for errors.

    Raises:
        InstarError: It is no JSON, or not the result of a generated backfill.
    """
    decoder, position, found = json.JSONDecoder(), 0, dict[str, BackfillResult]()
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        try:
            value, position = decoder.raw_decode(text, position)
        except ValueError:
            line = text.count("\n", 0, position) + 1
            raise InstarError(
                "this is not the JSON that npx convex run prints; pass on its standard output alone.",
                path=path,
                line=line,
            ) from None
        for one in value if isinstance(value, list) else [value]:
            result = _result(one, path)
            known = found.get(result.name)
            found[result.name] = _merged(known, result) if known else result
    return tuple(found.values())


def _result(value: Any, path: str) -> BackfillResult:  # noqa: ANN401 - JSON is anything
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        raise InstarError(
            "this is no result of a generated backfill: run its verify function, or migrations/tracking:status.",
            path=path,
        )
    numbers = {key: value.get(key) for key in ("processed", "remaining")}
    for key, number in numbers.items():
        if number is not None and not isinstance(number, int | float):
            raise InstarError(f'"{key}" of {value["name"]} is no number.', path=path)
    remaining = numbers["remaining"]
    return BackfillResult(
        name=value["name"],
        status=value["status"] if isinstance(value.get("status"), str) else None,
        processed=int(numbers["processed"] or 0),
        remaining=None if remaining is None else int(remaining),
        examples=tuple(one for one in value.get("examples") or () if isinstance(one, str)),
        error=value["error"] if isinstance(value.get("error"), str) else None,
    )


def _merged(known: BackfillResult, later: BackfillResult) -> BackfillResult:
    return BackfillResult(
        name=known.name,
        status=later.status or known.status,
        processed=later.processed or known.processed,
        remaining=known.remaining if later.remaining is None else later.remaining,
        examples=later.examples or known.examples,
        error=later.error or known.error,
    )
