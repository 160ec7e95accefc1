"""The back end of a cluster keeps a Deployment and a Service, and leaves the rest to them."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.reference.operator.cluster import (
    CONFIG_MAP,
    DEPLOYMENT,
    KBS_CONFIG,
    SERVICE,
)
from trustee_conformance.harness.reference.operator.releases import RELEASES
from trustee_conformance.harness.reference.operator.workload import WorkloadBackend, contains

NAME = "trusteeconfig-kbs-config"


@pytest.fixture
def deployed(world, settled):
    def make(release):
        return settled(release, over=WorkloadBackend(world.cluster, RELEASES[release]))

    return make


def deployment(world):
    return world.get(DEPLOYMENT, "trustee-deployment")


def defaulted(world):
    """Add to the Deployment what the API server would."""
    pod = {"spec": {"template": {"spec": {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst"}}}}
    world.put(DEPLOYMENT, "trustee-deployment", **pod)


@pytest.mark.parametrize("release", RELEASES)
def test_the_deployment_and_the_service_are_the_releases(world, deployed, release):
    deployed(release)
    spec = deployment(world)["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    assert spec["strategy"] == {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}
    [port] = world.get(SERVICE, "kbs-service")["spec"]["ports"]
    assert (port["name"], port["port"], port["targetPort"]) == ("kbs-port", 8080, 8080)


@pytest.mark.parametrize("release", RELEASES)
def test_what_the_api_server_adds_is_no_reason_to_write(world, deployed, settle, release):
    operator = deployed(release)
    defaulted(world)
    before = len(world.server.writes)
    settle(operator)
    assert len(world.server.writes) == before


@pytest.mark.parametrize(("release", "stays"), [("v0.17", True), ("v0.19", True), ("v0.21", False)])
def test_a_restart_by_annotation_is_undone_by_v0_21(world, deployed, settle, release, stays):
    operator = deployed(release)
    restarted = {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}
    world.put(DEPLOYMENT, "trustee-deployment", spec={"template": {"metadata": restarted}})
    settle(operator)
    annotations = deployment(world)["spec"]["template"]["metadata"].get("annotations", {})
    assert ("kubectl.kubernetes.io/restartedAt" in annotations) is stays


def test_a_list_that_grows_changes_the_pod(world, deployed, settle):
    operator = deployed("v0.21")
    world.secret("another", key="value")
    patched = {"kbsSecretResources": ["attestation-status", "another"]}
    world.put(KBS_CONFIG, NAME, spec=patched)
    settle(operator)
    volumes = [one["name"] for one in deployment(world)["spec"]["template"]["spec"]["volumes"]]
    assert "another" in volumes


def test_a_config_map_that_changes_changes_the_annotation_of_v0_21(world, deployed, settle):
    operator = deployed("v0.21")
    before = deployment(world)["spec"]["template"]
    world.put(CONFIG_MAP, "trusteeconfig-resource-policy", data={"resource-policy.rego": "x"})
    settle(operator)
    after = deployment(world)["spec"]["template"]
    assert after["spec"] == before["spec"]
    assert after["metadata"]["annotations"] != before["metadata"]["annotations"]


def test_what_the_api_server_says_is_told(world, deployed, settle, caplog):
    operator = deployed("v0.18")
    world.server.invalid = 'Deployment.apps "trustee-deployment" is invalid: because'
    world.put(KBS_CONFIG, NAME, spec={"kbsSecretResources": ["kbsres1", "kbsres1"]})
    settle(operator)
    assert world.server.invalid in caplog.text
    assert world.events()[-1] == ("DeploymentUpdateFailed", world.server.invalid)


def test_ready_is_what_the_deployment_says(world, deployed, settle):
    operator = deployed("v0.18")
    assert "status" not in world.get(KBS_CONFIG, NAME)
    world.put(DEPLOYMENT, "trustee-deployment", status={"updatedReplicas": 1})
    settle(operator)
    assert "status" not in world.get(KBS_CONFIG, NAME)
    world.put(DEPLOYMENT, "trustee-deployment", status={"availableReplicas": 1})
    settle(operator)
    assert world.get(KBS_CONFIG, NAME)["status"] == {"isReady": True}


def test_replicas_follow(world, deployed, settle):
    operator = deployed("v0.17")
    world.put(KBS_CONFIG, NAME, spec={"KbsDeploymentSpec": {"replicas": 2}})
    settle(operator)
    assert deployment(world)["spec"]["replicas"] == 2


things = st.recursive(
    st.integers(0, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=8,
)


@given(things)
def test_a_thing_contains_itself(thing):
    assert contains(thing, thing)


@given(st.dictionaries(st.text(max_size=2), things, min_size=1), st.data())
def test_what_lacks_a_member_does_not_contain_it(thing, data):
    key = data.draw(st.sampled_from(sorted(thing)))
    less = copy.deepcopy(thing)
    if less.pop(key) != []:
        assert not contains(less, thing)
