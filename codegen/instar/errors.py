"""What goes wrong because of the input, not because of instar."""

from __future__ import annotations


class InstarError(Exception):
    """Bad input or usage: one line for stderr that names the place and the next step; exit code 2.

    Raise it with a whole sentence. The command line prefixes ``instar: `` and prints no traceback.

    Args:
        message: What is wrong and what to do next, on one line.
        path: The file it is about, relative to the repository root.
        line: The line in that file, 1-based.
    """

    exit_code = 2

    def __init__(self, message: str, *, path: str | None = None, line: int | None = None) -> None:
        self.message = message
        self.path = path
        self.line = line
        super().__init__(str(self))

    def __str__(self) -> str:
        if self.path is None:
            return self.message
        where = self.path if self.line is None else f"{self.path}:{self.line}"
        return f"{where}: {self.message}"
