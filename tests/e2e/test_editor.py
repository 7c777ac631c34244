"""Findings in an editor: python-lsp-server over stdio, through its flake8 plugin, on buffers that are not saved."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue

import pytest

from standing_project import CODE, display_names, lay_out

SAVED = CODE + "def greeting(user: User) -> int:\n    return user.id\n"
UNSAVED = SAVED.replace("user.id", "user.user_name")
LINE = CODE.count("\n") + 1  # 0-based


class Server:
    """A language server that is spoken to in JSON-RPC."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pylsp"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        )
        self._messages: Queue[dict] = Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        out = self._process.stdout
        while head := out.readline():
            length = int(head.split(b":")[1])
            while out.readline().strip():
                pass
            self._messages.put(json.loads(out.read(length)))

    def send(self, method: str, params: object, identity: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(message | ({"id": identity} if identity is not None else {})).encode()
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def answer(self, identity: int) -> dict:
        return self._until(lambda message: message.get("id") == identity)

    def findings(self, *, some: bool) -> list[dict]:
        """The next diagnostics of ours that are there, or are gone."""

        def wanted(message: dict) -> bool:
            if message.get("method") != "textDocument/publishDiagnostics":
                return False
            return bool(ours(message)) == some

        def ours(message: dict) -> list[dict]:
            return [d for d in message["params"]["diagnostics"] if str(d.get("code")).startswith("INS")]

        return ours(self._until(wanted))

    def _until(self, wanted) -> dict:
        while True:
            try:
                message = self._messages.get(timeout=60)
            except Empty:
                raise AssertionError("the server does not answer") from None
            if wanted(message):
                return message

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            stream.close()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INSTAR_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "project"
    folder.mkdir()
    return lay_out(folder, display_names(folder), {"app/views.py": SAVED})


@pytest.fixture
def server(project: Path) -> Iterator[Server]:
    started = Server(project)
    yield started
    started.close()


def test_a_finding_comes_and_goes_with_what_is_typed(server, project):
    folder = project.as_uri()
    server.send("initialize", {"processId": None, "rootUri": folder, "capabilities": {}}, 1)
    server.answer(1)
    server.send("initialized", {})
    plugins = {name: {"enabled": False} for name in ("pycodestyle", "pyflakes", "mccabe", "pylint", "ruff")}
    plugins["flake8"] = {"enabled": True, "select": ["INS"]}
    server.send("workspace/didChangeConfiguration", {"settings": {"pylsp": {"plugins": plugins}}})
    uri = (project / "app/views.py").as_uri()
    server.send(
        "textDocument/didOpen",
        {"textDocument": {"uri": uri, "languageId": "python", "version": 1, "text": UNSAVED}},
    )
    [finding] = server.findings(some=True)
    assert finding["code"] == "INS203"
    assert finding["range"]["start"] == {"line": LINE, "character": 16}
    assert "users.user_name leaves with display-names" in finding["message"]
    change = {"textDocument": {"uri": uri, "version": 2}, "contentChanges": [{"text": SAVED}]}
    server.send("textDocument/didChange", change)
    assert server.findings(some=False) == []
    assert (project / "app/views.py").read_text() == SAVED
