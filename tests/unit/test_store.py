"""The store's way from sealed to usable, against a store that takes its time."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from trustee_conformance.harness.adapters.process import OwnedProcess
from trustee_conformance.harness.adapters.store import Store, StoreError
from trustee_conformance.harness.artifacts.provide import Binary
from trustee_conformance.harness.components.store import StoreProcess
from trustee_conformance.harness.errors import ComponentFailed
from trustee_conformance.harness.model.canary import Canaries
from trustee_conformance.harness.wait import Deadline

TOKEN, KEY = "s.a-root-token-of-24-bytes", "YW4gdW5zZWFsIGtleSBvZiBtYW55IGJ5dGVz"


class SlowStore:
    """A store that is a standby for its first looks, and refuses writes meanwhile."""

    def __init__(self, standby_looks: int) -> None:
        self.standby_looks = standby_looks
        self.opened = self.mounted = False
        self.refused_writes = 0

    def answer(self, method: str, path: str) -> tuple[int, dict]:
        if path.startswith("/v1/sys/health"):
            return 200, self._health()
        if path == "/v1/sys/init":
            return 200, {"root_token": TOKEN, "keys_base64": [KEY]}
        if path == "/v1/sys/unseal":
            self.opened = True
            return 200, {}
        if path == "/v1/auth/token/lookup-self":
            return 200, {"data": {}}
        if path == "/v1/sys/mounts":
            return 200, {"data": {"secret/": {}} if self.mounted else {}}
        if path == "/v1/sys/mounts/secret" and method == "POST":
            return self._mount()
        return 404, {"errors": []}

    def _health(self) -> dict:
        self.standby_looks -= self.opened
        return {
            "initialized": self.opened,
            "sealed": not self.opened,
            "standby": self.standby_looks > 0,
            "version": "1",
        }

    def _mount(self) -> tuple[int, dict]:
        if self.standby_looks > 0:
            self.refused_writes += 1
            return 500, {"errors": ["local node not active but active cluster node not found"]}
        self.mounted = True
        return 204, {}


@pytest.fixture
def serve():
    servers = []

    def start(store) -> str:
        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, body = store.answer(self.command, self.path)
                raw = b"" if status == 204 else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            do_GET = do_POST = do_PUT = answer

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def process(folder: Path, url: str, canaries: Canaries) -> StoreProcess:
    store = StoreProcess(Binary(Path("/bin/sleep"), "test"), folder, canaries, url)
    store._process = OwnedProcess("sleep", ["/bin/sleep", "60"], folder / "log")
    store._process.start()
    return store


def test_nothing_is_written_before_the_store_is_active(serve, tmp_path):
    slow = SlowStore(standby_looks=3)
    canaries = Canaries()
    store = process(tmp_path, serve(slow), canaries)
    store.await_ready(Deadline("start", 10), "secret")
    store.kill()
    assert slow.mounted
    assert slow.refused_writes == 0
    assert (tmp_path / "root-token").read_text() == TOKEN
    assert canaries.find(TOKEN.encode())
    assert canaries.find(KEY.encode())


def test_a_store_that_stays_a_standby_is_told(serve, tmp_path):
    store = process(tmp_path, serve(SlowStore(standby_looks=10_000)), Canaries())
    with pytest.raises(ComponentFailed, match="expected the store to be active"):
        store.await_ready(Deadline("start", 0.3), "secret")
    store.kill()


def test_refusals_and_silence_are_told_apart_and_hold_no_token(serve):
    class Closed:
        def answer(self, _method: str, _path: str) -> tuple[int, dict]:
            return 403, {"errors": ["permission denied"]}

    url = serve(Closed())
    with pytest.raises(StoreError, match="answered 403: permission denied") as caught:
        Store(url, TOKEN).read("secret", "key")
    assert caught.value.code == 403
    assert TOKEN not in str(caught.value)
    with pytest.raises(StoreError, match="does not answer") as caught:
        Store("http://127.0.0.1:1", TOKEN).read("secret", "key")
    assert caught.value.code is None
