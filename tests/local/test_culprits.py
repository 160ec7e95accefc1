"""Broken on purpose: exit 1 and the right culprit, or exit 3 where there can be no verdict."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from trustee_conformance.reports.files import FORMATS

STORE = ("secret", "store->secret", "store")
EXTERNAL_SECRETS = ("secret", "store->secret", "external-secrets")
OPERATOR = ("kbs", "secret->kbs", "trustee-operator")
OLD_VALUE = """\
#!/bin/sh
test -s {file} || {python} -m {module} "$@" > {file} || exit 1
cat {file}
"""

KBS = ("kbs", "secret->kbs", "kbs")

SHORT = [
    part
    for name, seconds in {"auth": 12, "sync": 6, "delivery": 6, "fetch": 6}.items()
    for part in ("--set", f"deadlines.{name}={seconds}")
]


@pytest.mark.parametrize(
    ("broken", "requirement", "culprit"),
    [
        ("wrong-role", "SYNC-002", (None, None, "store")),
        ("absent-role", "SYNC-002", STORE),
        ("policy-without-read", "SYNC-002", STORE),
        ("secret-not-listed", "FETCH-001", OPERATOR),
        ("external-secrets-stopped", "ROTATION-001", EXTERNAL_SECRETS),
        ("operator-stopped", "ROTATION-001", OPERATOR),
        ("store-gone", "ROTATION-001", ("store", "run->store", "store")),
        ("kbs-gone", "ROTATION-001", KBS),
    ],
)
def test_a_broken_part_is_named(run, broken, requirement, culprit):
    done = run("--only", requirement, *SHORT, broken=broken)
    assert done.code == 1, done.output
    assert done.culprit(requirement) == culprit
    assert done.report["verdict"] == "not-conformant"
    for word in ("requirement", "culprit", "expected", "seen", "history"):
        assert word in done.output
    assert "log, its end" in done.output


@pytest.mark.parametrize(
    ("broken", "requirement", "culprit"),
    [
        ("absent-role", "SYNC-002", STORE),
        ("policy-without-read", "SYNC-002", STORE),
        ("external-secrets-stopped", "ROTATION-001", EXTERNAL_SECRETS),
    ],
)
def test_a_broken_part_is_named_in_the_words_of_an_older_release(run, broken, requirement, culprit):
    older = ("--set", "externalSecrets.version=v0.12.1")
    done = run("--only", requirement, *SHORT, *older, broken=broken)
    assert done.code == 1, done.output
    assert done.culprit(requirement) == culprit


def test_a_stage_that_is_not_reached_fails_all_after_it_with_the_same_culprit(run):
    done = run(*SHORT, broken="policy-without-read")
    assert done.code == 1, done.output
    for requirement in ("SYNC-002", "FETCH-001", "ROTATION-001"):
        assert done.culprit(requirement) == STORE
    assert done.result("ROTATION-001")["reason"] == "stage sync was not reached"
    assert done.result("SYNC-001")["status"] == "pass"


def test_a_secret_store_that_cannot_log_in_is_the_stores(run):
    done = run("--only", "SYNC-001", *SHORT, broken="absent-role")
    assert done.code == 1, done.output
    assert done.culprit("SYNC-001") == (None, None, "store")


def test_without_etcd_there_is_no_verdict(run):
    done = run("--only", "ROTATION-001", *SHORT, broken="etcd-killed")
    assert done.code == 3, done.output
    assert done.report["verdict"] is None
    assert "etcd ended" in done.report["failure"]


def test_a_value_in_an_artefact_is_found_and_moved_aside(run):
    done = run("--only", "SYNC-002", broken="value-in-journal")
    assert done.code == 6, done.output
    assert "observations.jsonl held secret value (raw)" in done.output
    assert not (done.folder / "observations.jsonl").exists()
    assert {path.name for path in done.folder.rglob("*.*")} >= {Path(name).name for name in FORMATS}


def test_the_stores_refusal_is_shown(run):
    done = run("--only", "SYNC-002", *SHORT, broken="policy-without-read")
    assert "permission denied" in done.output
    assert any("Code: 403" in line for line in done.result("SYNC-002")["evidence"])


@pytest.mark.parametrize("release", ["v0.19"])
def test_an_operator_that_copies_secrets_once_is_the_culprit_of_a_rotation(run, release):
    done = run(*SHORT, "--set", f"trusteeOperator.emulates={release}")
    assert done.code == 1, done.output
    assert done.culprit("ROTATION-001") == OPERATOR
    failed = [one["id"] for one in done.report["requirements"] if one["status"] == "fail"]
    assert failed == ["ROTATION-001"]
    assert "a copy from before the pod's start" in done.output


def test_a_client_that_prints_an_old_value_is_the_culprit(run, tmp_path):
    client = tmp_path / "kbs-client"
    module = "trustee_conformance.harness.reference.client"
    client.write_text(OLD_VALUE.format(python=sys.executable, module=module, file=tmp_path / "old"))
    client.chmod(0o755)
    done = run("--only", "ROTATION-001", *SHORT, "--set", f"kbsClient.path={client}")
    assert done.code == 1, done.output
    assert done.culprit("ROTATION-001") == ("client", "kbs->client", "kbs-client")


def test_what_ran_must_be_read_for_a_verdict(run):
    done = run("--only", "INSTALL-001", broken="evidence-unreadable")
    assert done.code == 3, done.output
    assert "no digest today" in done.report["failure"]
    assert done.report["doubles"] == ["trustee-operator", "kbs", "kbs-client"]


def test_a_store_that_does_not_take_the_value_is_the_culprit(run):
    done = run("--only", "ROTATION-001", *SHORT, broken="store-gone-before-the-put")
    assert done.code == 1, done.output
    assert done.culprit("ROTATION-001") == ("store", "run->store", "store")
    assert done.result("ROTATION-001")["step"].startswith("When a new value is put")
