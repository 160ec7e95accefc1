"""Which KBS runs, and why one does not start."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from trustee_conformance.harness.components.kbs_program import (
    SHIPPED_WITH,
    KbsProgram,
    generation,
    likely_cause,
)
from trustee_conformance.harness.reference.operator.releases import RELEASES

LOG = "INFO trustee-operator double 0.1.0, emulates v0.17; KBS generation {}, {}\n"


def test_the_operator_says_which_generation_it_runs():
    assert generation(LOG.format("v0.21", "recognised by trying")) == (
        "v0.21",
        "recognised by trying",
    )
    assert generation("nothing") == (None, "not known")


@pytest.mark.parametrize(
    ("said", "cause"),
    [
        ("unknown field `type`, expected `authorization_mode`", "try kbs.version=v0.21"),
        ("invalid config: missing field `authorization_mode`", "try kbs.version=v0.21"),
        ("missing field `storage_backend_type` for key `plugins.0`", "try kbs.version=v0.21"),
        ("missing field `type`", "try kbs.version=v0.17"),
        ("HTTP initialization failed: Address already in use (os error 98)", "another program"),
        ("error while loading shared libraries: libtdx.so", "libraries"),
    ],
)
def test_what_a_kbs_says_before_it_ends_has_a_likely_cause(said, cause):
    assert cause in likely_cause(f"INFO starting\n{said}\n")


def test_nothing_is_made_up_of_what_is_not_known():
    assert likely_cause("Segmentation fault") is None


def test_the_table_of_what_was_shipped_is_the_doubles():
    assert {name: release.generation for name, release in RELEASES.items()} == SHIPPED_WITH


@pytest.mark.parametrize("emulates", SHIPPED_WITH)
@pytest.mark.parametrize("name", ["v0.17", "v0.21"])
def test_a_pair_that_was_never_shipped_is_an_easing(emulates, name):
    found = KbsProgram().easings(emulates, LOG.format(name, "as given"))
    assert (found == []) is (name == SHIPPED_WITH[emulates])


def test_the_operator_is_told_what_was_asked_for():
    assert KbsProgram().flags() == {"--kbs-protocol": "0.4.0"}
    program = KbsProgram(Path("/kbs"), "v0.21")
    assert program.flags() == {
        "--kbs-protocol": "0.4.0",
        "--kbs-program": "/kbs",
        "--kbs-generation": "v0.21",
    }


def test_the_digest_is_of_the_file_or_of_the_process_that_runs_it(tmp_path):
    script = tmp_path / "kbs"
    script.write_text("#!/bin/sh\n")
    log = LOG.format("v0.17", "as given")
    told = KbsProgram(script).info(log, os.getpid())
    assert told.digest == f"sha256:{hashlib.sha256(script.read_bytes()).hexdigest()}"
    assert (told.version, told.implementation) == ("v0.17", "upstream")
    running = Path("/proc/self/exe").resolve()
    told = KbsProgram(running).info(log, os.getpid())
    assert told.digest == f"sha256:{hashlib.sha256(running.read_bytes()).hexdigest()}"
    assert KbsProgram(tmp_path / "gone").info("", None).digest is None
