"""What a machine may is read from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from trustee_conformance.harness.errors import EnvironmentFailed
from trustee_conformance.harness.lab.docker import Docker
from trustee_conformance.harness.lab.machine import Machine, engine_script, probe, wrapper

ALL, WITHOUT = "000001ffffffffff", "000001fffeffffff"
SYS_RESOURCE = "CAP_SYS_RESOURCE"


def machine(tmp_path: Path, bounding: str, **info: object) -> Machine:
    status = tmp_path / "status"
    status.write_text(f"Name:\tx\nCapEff:\t{ALL}\nCapBnd:\t{bounding}\n")
    return probe(Docker(Path("/docker"), {"ServerVersion": "20.10", **info}), status)


@pytest.mark.parametrize(
    ("bounding", "runtime", "lacks"),
    [
        (ALL, "runc", False),
        (WITHOUT, "runc", True),
        (WITHOUT, "lab", False),
    ],
)
def test_a_wrapper_is_missing_only_where_it_is_needed(tmp_path, bounding, runtime, lacks):
    found = machine(tmp_path, bounding, DefaultRuntime=runtime)
    assert found.lacks_wrapper is lacks
    if lacks:
        with pytest.raises(EnvironmentFailed, match="no CAP_SYS_RESOURCE") as caught:
            found.check()
        assert "lab engine" in caught.value.hint
    else:
        found.check()


@pytest.mark.parametrize(("told", "version"), [("1", 1), ("2", 2), (None, 1)])
def test_the_version_of_cgroups_is_dockers(tmp_path, told, version):
    assert machine(tmp_path, ALL, CgroupVersion=told).cgroup == version


@pytest.mark.parametrize(
    "arguments",
    [
        ["--root", "/r", "create", "--bundle", "BUNDLE", "id"],
        ["create", "--bundle=BUNDLE", "id"],
        ["run", "-b", "BUNDLE", "id"],
        ["exec", "--process", "BUNDLE/process.json", "id"],
        ["exec", "-p", "BUNDLE/process.json", "id"],
    ],
)
def test_the_wrapper_drops_one_capability_and_becomes_runc(tmp_path, arguments):
    sets = {"bounding": ["CAP_KILL", SYS_RESOURCE], "ambient": [], "effective": [SYS_RESOURCE]}
    (tmp_path / "config.json").write_text(
        json.dumps({"process": {"capabilities": sets, "args": ["x"]}, "root": {"path": "r"}})
    )
    (tmp_path / "process.json").write_text(json.dumps({"capabilities": sets}))
    (tmp_path / "runc").write_text('#!/bin/sh\necho "$@"\n')
    script = tmp_path / "wrapper"
    script.write_text(wrapper())
    for path in (tmp_path / "runc", script):
        path.chmod(0o755)
    given = [one.replace("BUNDLE", str(tmp_path)) for one in arguments]
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-IS", script, *given], env=environment, capture_output=True, check=True
    )
    assert done.stdout.decode().split() == given
    changed, other = ("process.json", "config.json")
    if "exec" not in given:
        changed, other = other, changed
    assert SYS_RESOURCE not in (tmp_path / changed).read_text()
    assert "CAP_KILL" in (tmp_path / changed).read_text()
    assert SYS_RESOURCE in (tmp_path / other).read_text()


@pytest.mark.parametrize("sys_resource", [True, False])
def test_the_script_that_starts_an_engine_is_one(tmp_path, sys_resource):
    script = engine_script(sys_resource=sys_resource)
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert ("--default-runtime" in script) is not sys_resource
    assert (wrapper() in script) is not sys_resource
