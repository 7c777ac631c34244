"""Python's garbage collector, kept away from syntax trees: they hold no cycles, and it searches them again and again."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect nothing meanwhile: searching syntax trees for cycles costs more than parsing."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def kept_apart() -> Iterator[None]:
    """Collect nothing meanwhile, and never search what is there afterwards; forked workers share its memory."""
    with uncollected():
        yield
        gc.freeze()
