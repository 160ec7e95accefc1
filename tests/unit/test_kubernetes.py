"""The Kubernetes adapter against an API server that misbehaves on purpose."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pytest
import yaml
from trustee_conformance.harness.adapters.kubernetes import SECRET, Kubernetes, Refused, condition
from trustee_conformance.harness.adapters.process import Ports
from trustee_conformance.harness.errors import EnvironmentFailed

OLD = {"metadata": {"name": "one", "resourceVersion": "1"}}
NEW = {"metadata": {"name": "one", "resourceVersion": "2"}}
TOO_LARGE = {"code": 504, "reason": "Timeout", "message": "Too large resource version"}


class Api:
    """Answers reads with one object, and each watch with the next of the events given."""

    def __init__(self, *watches: list[dict]) -> None:
        self.watches = iter(watches)
        self.asked: list[dict] = []
        self.current = OLD

    def answer(self, path: str) -> tuple[int, list[dict]]:
        query = parse_qs(urlparse(path).query)
        if "watch" in query:
            self.asked.append(query)
            return 200, next(self.watches, [])
        if path.endswith("/absent"):
            return 404, [{"message": "not found"}]
        if path.endswith("/forbidden"):
            return 403, [{"message": "you may not"}]
        if "/events" in path:
            return 200, [{"items": self.events}]
        return 200, [self.current]


@pytest.fixture
def serve(tmp_path) -> Iterator:
    servers = []

    def start(api: Api) -> Kubernetes:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, objects = api.answer(self.path)
                body = "".join(json.dumps(one) + "\n" for one in objects).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return Kubernetes(kubeconfig(tmp_path, server.server_port))

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def kubeconfig(folder, port):
    path = folder / "kubeconfig"
    data = {
        "current-context": "x",
        "clusters": [{"name": "x", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "x", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
    }
    path.write_text(yaml.safe_dump(data))
    return path


def test_a_watch_yields_the_object_now_and_on_every_change(serve):
    api = Api([{"type": "MODIFIED", "object": NEW}])
    changes = serve(api).changes(SECRET, "one", "here")
    assert [next(changes), next(changes)] == [OLD, NEW]


def test_a_deleted_object_is_absent(serve):
    changes = serve(Api([{"type": "DELETED", "object": OLD}])).changes(SECRET, "one", "here")
    assert [next(changes), next(changes)] == [OLD, None]


def test_a_watch_does_not_ask_for_the_newest_state_which_a_slow_cache_cannot_give(serve):
    api = Api([{"type": "MODIFIED", "object": NEW}])
    changes = serve(api).changes(SECRET, "one", "here")
    assert [next(changes), next(changes)] == [OLD, NEW]
    assert api.asked[0]["resourceVersion"] == ["0"]


@pytest.mark.parametrize("code", [410, 500, 504])
def test_a_watch_that_the_server_breaks_off_is_opened_again(serve, code):
    broken = {"type": "ERROR", "object": {**TOO_LARGE, "code": code}}
    api = Api([broken], [{"type": "MODIFIED", "object": NEW}])
    changes = serve(api).changes(SECRET, "one", "here")
    assert [next(changes), next(changes), next(changes)] == [OLD, OLD, NEW]


def test_a_watch_that_is_forbidden_is_told(serve):
    refused = {"type": "ERROR", "object": {**TOO_LARGE, "code": 403}}
    changes = serve(Api([refused])).changes(SECRET, "one", "here")
    next(changes)
    with pytest.raises(Refused):
        next(changes)


def test_an_absent_object_is_none_and_a_refusal_is_told(serve):
    kubernetes = serve(Api())
    assert kubernetes.get(SECRET, "absent", "here") is None
    with pytest.raises(Refused, match="answered 403: you may not") as caught:
        kubernetes.get(SECRET, "forbidden", "here")
    assert caught.value.status == 403


def test_an_api_server_that_is_not_there_is_the_environments_failure(tmp_path):
    with closing(Ports()) as ports:
        [port] = ports.take(1)
    kubernetes = Kubernetes(kubeconfig(tmp_path, port))
    assert not kubernetes.ready()
    with pytest.raises(EnvironmentFailed, match="does not answer"):
        kubernetes.get(SECRET, "one", "here")


def test_warnings_from_before_do_not_count(serve):
    now = datetime.now(UTC)
    api = Api()
    api.events = [
        {"reason": "Old", "message": "m", "lastTimestamp": stamp(now - timedelta(minutes=1))},
        {"reason": "New", "message": "m", "lastTimestamp": stamp(now)},
    ]
    found = serve(api).warnings("SecretStore", "one", "here", now)
    assert [one["reason"] for one in found] == ["New"]


def stamp(moment: datetime) -> str:
    return moment.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def test_a_condition_is_found_by_its_type():
    ready = {"type": "Ready", "status": "False", "reason": "Why", "message": "so"}
    thing = {"status": {"conditions": [{"type": "Other"}, ready]}}
    assert condition(thing) == {"status": "False", "reason": "Why", "message": "so"}
    assert condition({}) == condition(None) == {}
