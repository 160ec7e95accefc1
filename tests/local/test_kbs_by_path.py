"""A KBS and a kbs-client of one's own, as executables of the reference programs."""

from __future__ import annotations

import hashlib

import pytest
from trustee_conformance.harness.reference import executable

SHORT = ("--set", "deadlines.start=8", "--set", "deadlines.delivery=8")


@pytest.fixture
def program(tmp_path):
    def write(name: str, generation: str):
        file = tmp_path / f"{name}-{generation}"
        executable.write(name, file, generation)
        return file

    return write


def component(done, name):
    [found] = [one for one in done.report["components"] if one["name"] == name]
    return found


@pytest.mark.parametrize("generation", ["v0.17", "v0.21"])
def test_a_kbs_is_recognised_by_trying(run, program, generation):
    kbs = program("kbs", generation)
    done = run("--set", f"kbs.path={kbs}")
    assert done.code == 7, done.output
    assert done.report["doubles"] == ["trustee-operator", "kbs-client"]
    told = component(done, "kbs")
    assert (told["implementation"], told["version"]) == ("upstream", generation)
    assert told["source"] == f"path {kbs}; version recognised by trying"
    assert told["digest"] == f"sha256:{hashlib.sha256(kbs.read_bytes()).hexdigest()}"
    never = [one for one in done.report["easings"] if "never shipped together" in one]
    assert len(never) == (generation == "v0.21")


def test_kbs_and_client_together_leave_the_operator_as_the_only_double(run, program):
    kbs, client = program("kbs", "v0.21"), program("kbs-client", "v0.21")
    done = run(
        *("--set", f"kbs.path={kbs}", "--set", "kbs.version=v0.21"),
        *("--set", f"kbsClient.path={client}"),
    )
    assert done.code == 7, done.output
    assert done.report["doubles"] == ["trustee-operator"]
    assert component(done, "kbs")["source"].endswith("version as given")


def test_a_copying_operator_over_the_older_layout(run, program):
    kbs = program("kbs", "v0.17")
    copying = ("--set", "trusteeOperator.emulates=v0.21")
    done = run("--set", f"kbs.path={kbs}", *copying, *SHORT)
    assert done.code == 1, done.output
    assert done.culprit("ROTATION-001") == ("kbs", "secret->kbs", "trustee-operator")
    assert (
        "KBS v0.17 under trustee-operator v0.21: never shipped together" in done.report["easings"]
    )


@pytest.mark.parametrize(
    ("built", "said", "told", "advice"),
    [
        ("v0.21", "v0.17", "missing field `authorization_mode`", "try kbs.version=v0.21"),
        ("v0.17", "v0.21", "missing field `type`", "try kbs.version=v0.17"),
    ],
)
def test_a_kbs_that_gets_the_other_configuration_says_so(run, program, built, said, told, advice):
    kbs = program("kbs", built)
    done = run(
        *("--set", f"kbs.path={kbs}", "--set", f"kbs.version={said}"),
        *("--only", "INSTALL-003", *SHORT),
    )
    assert done.code == 1, done.output
    assert done.culprit("INSTALL-003") == (None, None, "kbs")
    assert told in done.output
    assert advice in done.output
    bundle = done.folder / "bundle" / "INSTALL-003"
    assert "[admin]" in (bundle / "kbs-config.toml").read_text()
    assert told in (bundle / "logs" / "kbs.log").read_text()


def test_a_program_that_is_no_kbs_is_the_culprit(run):
    done = run("--set", "kbs.path=/bin/false", "--only", "INSTALL-003", *SHORT)
    assert done.code == 1, done.output
    assert done.culprit("INSTALL-003") == (None, None, "kbs")
    assert "KBS does not run: it said nothing" in done.output


@pytest.mark.parametrize("version", ["0.1.1", "0.2.0"])
def test_a_kbs_of_an_older_protocol_serves_no_client_of_today(run, version):
    done = run("--only", "FETCH-001", "--set", f"kbs.protocol={version}", *SHORT)
    assert done.code == 1, done.output
    assert done.culprit("FETCH-001") == ("kbs", "secret->kbs", "kbs")
    assert "AttestationError" in done.output
