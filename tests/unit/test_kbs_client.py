"""What a client prints is read strictly, and its failures are told apart."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.artifacts.provide import Binary
from trustee_conformance.harness.components.kbs_client import KbsClientProcess, decoded
from trustee_conformance.harness.model.observation import Absence


@given(st.binary(max_size=200))
def test_one_line_of_base64_is_the_bytes(value):
    assert decoded(base64.b64encode(value) + b"\n").value == value
    assert decoded(base64.b64encode(value) + b"\r\n").value == value


@pytest.mark.parametrize("stdout", [b"not base64!", b"YQ", b"YQ==\nYQ==", b"WARN x\nYQ==\n"])
def test_anything_else_is_broken(stdout):
    assert decoded(stdout).absence is Absence.BROKEN


def script(tmp_path: Path, text: str) -> KbsClientProcess:
    path = tmp_path / "kbs-client"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return KbsClientProcess("http://127.0.0.1:1", Binary(path, "test"))


@pytest.mark.parametrize(
    ("text", "absence"),
    [
        ("echo 'Error: http request failed: refused' >&2; exit 1", Absence.UNREACHABLE),
        ("echo 'WARN PolicyDeny' >&2; echo 'Error: request unauthorized' >&2; exit 1", "refused"),
        ("echo 'WARN PluginInternalError' >&2; echo 'Error: x' >&2; exit 1", Absence.MISSING),
        ("echo 'Error: decrypt KBS response body failed' >&2; exit 1", Absence.BROKEN),
        (
            "echo 'Error: RCAR handshake failed: reqwest::Error {' >&2; echo '}' >&2; exit 1",
            "unreachable",
        ),
        (
            "echo 'WARN PolicyDeny' >&2; printf 'Error: x\n\nStack:\n 0: y\n' >&2; exit 1",
            "refused",
        ),
        ("echo 'Error: deserialize http response failed: x' >&2; exit 1", Absence.BROKEN),
        ("echo 'WARN JweError' >&2; echo 'Error: request unauthorized' >&2; exit 1", "refused"),
        ("echo 'Usage: kbs-client' >&2; exit 2", Absence.BROKEN),
        ("exit 139", Absence.BROKEN),
        ("echo '*** core dumped' >&2; exit 134", Absence.BROKEN),
    ],
)
def test_failures_are_told_apart(tmp_path, text, absence):
    assert script(tmp_path, text).get_resource("a/b/c").absence == absence


def test_a_program_that_cannot_run_is_broken(tmp_path):
    path = tmp_path / "nonsense"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    client = KbsClientProcess("http://127.0.0.1:1", Binary(path, "test"))
    assert client.get_resource("a/b/c").absence is Absence.BROKEN
