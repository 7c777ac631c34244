"""The databases of a project's environments."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from instar.errors import InstarError

if TYPE_CHECKING:
    from instar.config import Config
    from instar.schema.model import Schema


def environment_url(config: Config, environment: str) -> str:
    """The URL of an environment's database as it is configured: a URL, or `env:VARIABLE`.

    Raises:
        InstarError: There is no such environment, or it has no URL.
    """
    known = config.environments.get(environment)
    if known is None:
        near = difflib.get_close_matches(environment, config.environments, n=1)
        there = (
            f"Did you mean {near[0]}?"
            if near
            else f"There are: {', '.join(sorted(config.environments)) or 'none'}."
        )
        raise InstarError(
            f'there is no environment "{environment}" in [tool.instar.environments]. {there} '
            'Add one with url = "env:VARIABLE".'
        )
    if known.url is None:
        raise InstarError(
            f'the environment "{environment}" has no url. Add url = "env:VARIABLE" to '
            f"[tool.instar.environments.{environment}]."
        )
    return known.url


def environment_schema(config: Config, environment: str) -> Schema:
    """The schema of an environment's live database.

    Raises:
        InstarError: It is not configured, or cannot be reached.
    """
    url = environment_url(config, environment)
    from instar.dialects.sqlalchemy.inspect import inspect_url

    return inspect_url(url, f'the database of "{environment}"')
