"""The walkthrough on the real local stack: verdict, report, nothing left."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

WORLDS = [("v0.20.4", ["v1"]), ("v0.12.1", ["v1beta1", "v1alpha1"])]
"""The default and the walkthrough's own generation, with what they serve, best first."""


@pytest.mark.parametrize(("version", "served"), WORLDS)
def test_the_walkthrough_is_rehearsed_and_leaves_nothing(run, left, version, served):
    chosen = () if version == "v0.20.4" else ("--set", f"externalSecrets.version={version}")
    done = run(*chosen)
    assert done.code == 7, done.output
    report = done.report
    assert report["verdict"] == "rehearsed"
    assert report["run"]["end"] == "complete"
    assert {one["status"] for one in report["requirements"]} == {"pass"}
    assert report["doubles"] == ["trustee-operator", "kbs", "kbs-client"]
    assert len(report["easings"]) == 3
    assert report["capabilities"] == {"external-secrets.io": served}
    assert left() == (set(), set())
    assert_every_component_is_named(report, version)
    assert_propagation_is_whole(report)
    assert_observations_hold_no_value(done.folder)


def assert_every_component_is_named(report: dict, version: str) -> None:
    components = {one["name"]: one for one in report["components"]}
    assert set(components) == {
        "store",
        "external-secrets",
        "kubernetes",
        "trustee-operator",
        "kbs",
        "kbs-client",
    }
    for one in components.values():
        assert one["digest"]
        assert one["version"]
    assert components["kubernetes"]["version"] == "v1.37.2"
    assert components["external-secrets"]["version"] == version
    assert "slim" in components["external-secrets"]["source"]
    assert components["store"]["version"] == "2.7.2"
    parts = {part["name"]: part for part in components["kubernetes"]["parts"]}
    assert set(parts) == {"etcd", "kube-apiserver", "kube-controller-manager"}
    assert parts["etcd"]["version"] == "3.5.1"
    assert parts["kube-controller-manager"]["version"] == "v1.37.2"


def assert_propagation_is_whole(report: dict) -> None:
    ways = [
        (way["from"], way["to"])
        for way in report["propagation"]
        if way["requirement"] == "ROTATION-001"
    ]
    hops = ["run", "store", "secret", "kbs", "client"]
    assert ways == list(pairwise(hops))


def assert_observations_hold_no_value(folder: Path) -> None:
    lines = (folder / "observations.jsonl").read_text().splitlines()
    seen = [json.loads(line) for line in lines]
    hops = {one["hop"] for one in seen if one["kind"] == "value"}
    assert hops == {"store", "secret", "kbs", "client"}
    fetches = [one for one in seen if "deliveryPeriod" in one.get("detail", {})]
    assert len(fetches) >= 5
    assert fetches[-1]["at"] - fetches[0]["at"] >= 2


def test_v0_18_of_the_operator_delivers_as_v0_17_does(run):
    done = run("--set", "trusteeOperator.emulates=v0.18")
    assert done.code == 7, done.output
    [operator] = [one for one in done.report["components"] if one["name"] == "trustee-operator"]
    assert operator["source"].endswith("emulates v0.18")
    assert operator["version"] != "v0.18"


def test_rehearsal_can_be_accepted(run):
    assert run("--accept-rehearsal").code == 0


def test_a_part_of_the_profile_is_partial_at_best(run):
    done = run("--only", "vault-auth")
    assert done.code == 4, done.output
    assert [one["id"] for one in done.report["requirements"]] == ["AUTH-001"]
    assert done.report["verdict"] == "partial"


def test_a_scenario_stands_alone(run):
    done = run("--only", "ROTATION-001")
    assert done.code == 4, done.output
    assert done.result("ROTATION-001")["status"] == "pass"


def test_nothing_selected_is_told(run):
    done = run("--only", "no-such-thing")
    assert done.code == 5
    assert done.report["verdict"] is None
    assert "`plan` lists the ids" in done.output
