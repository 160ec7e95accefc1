"""Recordings of real servers, and KBS doubles that serve in this process."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from hypothesis import HealthCheck, settings
from trustee_conformance.harness.reference.generation import GENERATIONS
from trustee_conformance.harness.reference.kbs.attestation import AttestationService
from trustee_conformance.harness.reference.kbs.http import Application
from trustee_conformance.harness.reference.kbs.policy import ResourcePolicy
from trustee_conformance.harness.reference.kbs.reference_values import ReferenceValues
from trustee_conformance.harness.reference.kbs.repository import Directories
from trustee_conformance.harness.reference.kbs.service import Kbs
from trustee_conformance.harness.reference.kbs.token import Trust
from trustee_conformance.harness.wait import Deadline, wait_until

settings.register_profile(
    "steady",
    deadline=None,  # other tests run beside these
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")

VECTORS = Path(__file__).parents[2] / "vectors"
ALLOW_ALL = "package policy\n\ndefault allow = true\n"

Serve = Callable[..., str]


def load(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"rcar-{name}.json").read_text())["cases"]


@pytest.fixture(scope="session")
def vectors() -> Path:
    return VECTORS


@pytest.fixture(scope="session", params=["v0.17.0", "v0.17.0-default-policy", "v0.21.0"])
def recording(request) -> tuple[str, dict[str, Any]]:
    return request.param, load(request.param)


@pytest.fixture
def make_kbs(tmp_path) -> Callable[..., Kbs]:
    """Make a KBS over `tmp_path / "repository"` that serves everybody."""

    def make(generation: str = "v0.17", policy: str | None = ALLOW_ALL, **more: Any) -> Kbs:
        path = tmp_path / "policy.rego"
        if policy is not None:
            path.write_text(policy)
        behaviour = GENERATIONS[generation]
        values = more.pop("reference_values", ReferenceValues(None))
        version = more.pop("version", "0.4.0")
        more.setdefault("repository", Directories(tmp_path / "repository"))
        more.setdefault("trust", Trust(any_key=True))
        made = Kbs(
            generation=behaviour,
            policy=ResourcePolicy(path),
            attestation=AttestationService(behaviour, values, 300, version),
            **more,
        )
        made.policy.prepare()
        return made

    return make


@contextmanager
def listening(application: Any, **tls: Any) -> Iterator[str]:
    fixed = {"log_config": None, "lifespan": "off", "interface": "asgi3", "ws": "none"}
    config = uvicorn.Config(application, **fixed, **tls)
    server = uvicorn.Server(config)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as open_socket:
        open_socket.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, args=([open_socket],))
        thread.start()
        wait_until(
            lambda: server.started, bool, expected="to serve", deadline=Deadline("start", 20)
        )
        host, port = open_socket.getsockname()
        try:
            yield f"{'https' if tls else 'http'}://{host}:{port}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve a KBS over HTTP until the test ends; return its URL."""
    with ExitStack() as stack:

        def start(kbs: Kbs, payload_limit: int = 2 << 20, **tls: Any) -> str:
            return stack.enter_context(listening(Application(kbs, payload_limit), **tls))

        yield start


@pytest.fixture
def serve_application() -> Iterator[Serve]:
    """Serve any web application until the test ends; return its URL."""
    with ExitStack() as stack:
        yield lambda application: stack.enter_context(listening(application))


@pytest.fixture
def put(tmp_path) -> Callable[[str, bytes], None]:
    """Put a resource into the repository."""

    def write(path: str, value: bytes) -> None:
        file = tmp_path / "repository" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(value)

    return write
