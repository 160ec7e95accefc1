"""A KBS is recognised by which configuration it takes, and ended whatever it does."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import psutil
import pytest
from trustee_conformance.harness.adapters.process import Ports
from trustee_conformance.harness.reference import executable
from trustee_conformance.harness.reference.operator import recognise
from trustee_conformance.harness.reference.operator.recognise import Trial


@pytest.fixture
def trial(tmp_path):
    with closing(Ports()) as ports:
        [port] = ports.take(1)
        yield lambda program: Trial(program, f"127.0.0.1:{port}", tmp_path)


def script(folder: Path, text: str) -> Path:
    file = folder / "program"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def nothing_left(folder: Path) -> bool:
    return not list(folder.glob("kbs-trial-*")) and psutil.Process().children() == []


@pytest.mark.parametrize("generation", ["v0.17", "v0.21"])
def test_each_generation_is_recognised(trial, tmp_path, generation):
    program = tmp_path / "kbs"
    executable.write("kbs", program, generation)
    found = trial(program).recognise()
    assert found is not None
    assert found.name == generation
    assert nothing_left(tmp_path)


def test_what_takes_neither_is_not_recognised(trial, tmp_path):
    assert trial(script(tmp_path, "echo no; exit 1")).recognise() is None
    assert nothing_left(tmp_path)


def test_what_neither_listens_nor_ends_is_ended(trial, tmp_path, monkeypatch):
    monkeypatch.setattr(recognise, "PATIENCE", 0.3)
    monkeypatch.setattr(recognise, "GRACE", 0.3)
    stubborn = script(tmp_path, "trap '' TERM; while :; do sleep 1; done")
    assert trial(stubborn).recognise() is None
    assert nothing_left(tmp_path)
