"""Workers on a cluster: `dask://HOST:PORT` names the scheduler of a Dask cluster."""

from __future__ import annotations

import importlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from instar.errors import InstarError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor


@contextmanager
def cluster(address: str) -> Iterator[Executor]:
    """An executor over a running cluster.

    Dask runs a task again when its worker dies, and may return a stored result for an equal call; the executor
    is told that ours are not pure. The leases in the database, not Dask, keep every row from being written twice.

    Raises:
        InstarError: The address has another form, dask is not installed, or the scheduler does not answer.
    """
    scheme, _, place = address.partition("://")
    if scheme != "dask" or not place:
        raise InstarError(
            f'"{address}" is no executor. Write it as dask://HOST:PORT, the scheduler of a cluster.'
        )
    try:
        distributed = importlib.import_module("distributed")
    except ModuleNotFoundError:
        raise InstarError("a cluster needs dask: pip install 'instar[dask]'.") from None
    try:
        client = distributed.Client(f"tcp://{place}", timeout=10)
    except OSError as error:
        raise InstarError(f"no Dask scheduler answers at {place}: {error}") from None
    with client:
        yield client.get_executor(pure=False)
