"""Two versions of the application side by side on one database, each a process of its own."""

from __future__ import annotations

import json
import random
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from instar.cli.demo.seed import PRIORITIES, Expected, Task, User
from instar.errors import InstarError

if TYPE_CHECKING:
    from pathlib import Path

    from instar.cli.demo.workspace import Workspace


class Side:
    """One version of the application, answering requests."""

    def __init__(self, workspace: Workspace, root: Path) -> None:
        self._process = subprocess.Popen(
            workspace.argv("python -m app.serve"),
            cwd=root,
            env=workspace.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def ask(self, **request: str) -> Any:  # noqa: ANN401 - whatever the application answers
        """Send one request and wait for the answer.

        Raises:
            InstarError: The application failed; with its last line.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            assert self._process.stderr is not None
            last = self._process.stderr.read().strip().splitlines()[-1:]
            raise InstarError(f"the demo application failed at {request}: {''.join(last)}")
        return json.loads(line)


class Tally(NamedTuple):
    """What came of a conversation: writes made, reads made, reads that were wrong."""

    writes: int
    reads: int
    wrong: int


def converse(old: Side, new: Side, expected: Expected, *, rounds: int, seed: int = 1) -> Tally:
    """Let both sides write and read in turns; every write is read back from both.

    `expected` learns what was written, so that the end of the story can compare.
    """
    dice = random.Random(seed)  # noqa: S311 - a story that is the same every time
    reads = wrong = 0
    for number in range(rounds):
        writer = dice.choice((old, new))
        match number % 3:
            case 0:
                user = User(f"guest{seed}.{number}@mail.example", f"Guest {number}")
                writer.ask(do="sign_up", email=user.email, name=user.name)
                expected.users[max(expected.users) + 1] = user
                answers = [side.ask(do="name", email=user.email) for side in (old, new)]
                right = user.name
            case 1:
                key = dice.choice(sorted(expected.users))
                user = expected.users[key]._replace(name=f"Renamed {number}")
                writer.ask(do="rename", email=user.email, name=user.name)
                expected.users[key] = user
                answers = [side.ask(do="name", email=user.email) for side in (old, new)]
                right = user.name
            case _:
                task = Task(f"Errand {seed}.{number}", dice.choice(PRIORITIES))
                writer.ask(do="add_task", title=task.title, priority=task.priority)
                expected.tasks[max(expected.tasks) + 1] = task
                answers = [side.ask(do="priority", title=task.title) for side in (old, new)]
                right = task.priority
        reads += len(answers)
        wrong += sum(answer != right for answer in answers)
    return Tally(rounds, reads, wrong)
