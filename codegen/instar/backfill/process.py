"""A worker in a process of its own on this machine: started with what it needs, stopped by closing its input.

The process imports instar and nothing of the program that runs it, so that a script without `if __name__ ==
"__main__"` is not run twice. When its parent dies, however that happens, its input closes and it ends after its batch.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

from instar.backfill.connecting import refused
from instar.errors import InstarError

if TYPE_CHECKING:
    from instar.backfill.share import Share
    from instar.backfill.worker import End

_START = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); "
    "from instar.backfill.process import main; main()"
)
_LOOK_EVERY = 0.05


def work_apart(share: Share, stop: threading.Event) -> End:
    """Do a share of a run in another process, and wait for its end.

    Raises:
        InstarError: What stopped it. A process that was killed stops nobody: others take its partition when the lease
            has lapsed.
    """
    command = [sys.executable, "-c", _START]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(pickle.dumps(sys.path) + pickle.dumps(share))
            process.stdin.flush()
            while process.poll() is None and not stop.wait(_LOOK_EVERY):
                pass
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended, and the reason is told below
        answer = process.stdout.read()
    if not answer:
        if process.returncode < 0:
            return "done"
        raise InstarError(f"a worker's process ended with exit code {process.returncode}; see above.")
    end: End | InstarError = pickle.loads(answer)  # noqa: S301 - from our own child
    if isinstance(end, InstarError):
        raise end
    return end


def main() -> None:
    """The other side: read the share from the input, work, and write how it ended to the output."""
    from instar.backfill.share import work_on  # noqa: PLC0415 - the parent imports this module

    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what the user's code prints is no answer
    share: Share = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
    stop = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(stop,), daemon=True).start()
    end: End | InstarError
    try:
        end = work_on(share, stop=stop)
    except Exception as error:  # noqa: BLE001 - the parent raises it
        end = refused(share.work.name, error)
    with answer:
        pickle.dump(end, answer)
    os._exit(0)  # the thread still waits for input


def _wait_for_the_end(stop: threading.Event) -> None:
    sys.stdin.buffer.read()
    stop.set()
