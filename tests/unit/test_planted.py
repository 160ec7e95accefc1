"""A planted canary of each kind and encoding is found in each kind of artefact: exit code 6."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote
from xml.sax.saxutils import escape

import pytest
from trustee_conformance.fixtures.concluding import conclude
from trustee_conformance.harness.engine.record import Record
from trustee_conformance.harness.engine.report_folder import claim
from trustee_conformance.harness.model.canary import Canaries
from trustee_conformance.harness.model.words import ExitCode

ARTEFACTS = (
    "report.json",
    "junit.xml",
    "cucumber.json",
    "summary.md",
    "observations.jsonl",
    "allure-results/one-result.json",
    "allure-results/one-attachment.txt",
    "bundle/SYNC-001/logs/store.log",
    "bundle/SYNC-001/after/Secret.yaml",
    "bundle/SYNC-001/events.yaml",
)
KINDS: dict[str, Callable[[], str]] = {
    "secret value": lambda: secrets.token_urlsafe(32),
    "store root token": lambda: f"s.{secrets.token_urlsafe(18)}",
    "store unseal key": lambda: base64.b64encode(os.urandom(32)).decode(),
    "token of the reviewer": lambda: ".".join(secrets.token_urlsafe(60) for _ in range(3)),
    "private key of etcd": lambda: base64.b64encode(os.urandom(48)).decode(),
    "password": lambda: f'{secrets.token_urlsafe(9)}"<&>\\{secrets.token_urlsafe(9)}',
}
ENCODERS: dict[str, Callable[[str], str]] = {
    "raw": str,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 after a byte": lambda text: base64.b64encode(b"x" + text.encode()).decode(),
    "base64 after two": lambda text: base64.b64encode(b"xy" + text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in lines": lambda text: base64.encodebytes(b"x" * 40 + text.encode()).decode(),
    "JSON": json.dumps,
    "XML": escape,
    "URL": lambda text: quote(text, safe=""),
}


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def planted(record: Record, kind: str, encoding: str) -> tuple[Record, str]:
    """Return a run that knows a secret, and that secret encoded."""
    secret, canaries = KINDS[kind](), Canaries()
    canaries.add(kind, secret)
    return replace(record, canaries=canaries), ENCODERS[encoding](secret)


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_canary_in_any_artefact_is_found_and_moved_aside(tmp_path, record, kind, encoding):
    for number, artefact in enumerate(ARTEFACTS):
        known, text = planted(record, kind, encoding)
        folder = claim(tmp_path / f"report{number}")
        path = folder / artefact
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"before {text} after")
        done = conclude(known, folder, b"", accept=False)
        assert done.code is ExitCode.CANARY_LEAKED, artefact
        assert [kind in leak for leak in done.leaks] == [True], artefact
        assert not path.exists() or text not in path.read_text(), artefact
        [aside] = (tmp_path / "state").rglob(Path(artefact).name)
        assert aside.stat().st_mode & 0o077 == 0
        aside.unlink()


@pytest.mark.parametrize("encoding", ENCODERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_canary_on_the_terminal_is_found(tmp_path, record, kind, encoding):
    known, text = planted(record, kind, encoding)
    done = conclude(known, claim(tmp_path / "report"), text.encode(), accept=False)
    assert done.code is ExitCode.CANARY_LEAKED
    assert kind in done.leaks[0]


def test_without_one_nothing_is_found(tmp_path, record):
    known, _ = planted(record, "secret value", "raw")
    done = conclude(known, claim(tmp_path / "report"), b"nothing", accept=False)
    assert (done.code, done.leaks) == (ExitCode.CONFORMANT, [])
