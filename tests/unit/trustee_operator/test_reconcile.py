"""What the operator says and does when a KbsConfig cannot be followed, and when it can again."""

from __future__ import annotations

import pytest
from trustee_conformance.harness.reference.operator.backend import Done
from trustee_conformance.harness.reference.operator.cluster import KBS_CONFIG, SECRET
from trustee_conformance.harness.reference.operator.pod_spec import Blocked

NAME = "trusteeconfig-kbs-config"
FINALIZER = "kbsconfig.confidentialcontainers.org/finalizer"
SERVED = "Error in creating/updating KBS deployment"


def patch(world, *names):
    world.put(KBS_CONFIG, NAME, spec={"kbsSecretResources": list(names)})


def listed(deployment):
    volumes = deployment["spec"]["template"]["spec"]["volumes"]
    return [one["name"] for one in volumes if one["name"].startswith(("kbsres", "late"))]


@pytest.mark.parametrize("release", ["v0.17", "v0.21"])
def test_a_missing_secret_changes_nothing_and_heals_when_it_comes(
    world, settled, settle, backend, caplog, release
):
    operator = settled(release)
    before = len(backend.applied)
    status = world.get(KBS_CONFIG, NAME)["status"]
    sample = world.get(KBS_CONFIG, NAME)["spec"]["kbsSecretResources"]
    patch(world, *sample, "late")
    settle(operator)
    assert len(backend.applied) == before
    assert world.get(KBS_CONFIG, NAME)["status"] == status == {"isReady": True}
    assert caplog.text.count(f'{SERVED}: Secret "late" not found') == 1
    world.secret("late", key="value")
    settle(operator)
    assert "late" in listed(backend.applied[-1])


def test_withdrawing_the_name_heals_too(world, settled, settle, backend):
    operator = settled()
    patch(world, "kbsres1", "late")
    settle(operator)
    patch(world, "kbsres1")
    settle(operator)
    assert listed(backend.applied[-1]) == ["kbsres1"]
    patch(world, "kbsres1", "late")
    world.secret("late", key="value")
    settle(operator)
    assert listed(backend.applied[-1]) == ["kbsres1", "late"]


@pytest.mark.parametrize(("release", "written"), [("v0.17", False), ("v0.18", True)])
def test_events_from_v0_18(world, settled, settle, release, written):
    operator = settled(release)
    patch(world, "kbsres1", "late")
    settle(operator)
    reasons = [reason for reason, _ in world.events()]
    expected = ["DeploymentCreated", "Ready", "DeploymentUpdateFailed"] if written else []
    assert reasons == expected
    if written:
        assert world.events()[-1][1] == 'Secret "late" not found'


def test_a_bare_kbs_config_that_lacks_a_field_deploys_nothing(world, operator, backend, caplog):
    spec = {"kbsDeploymentType": "AllInOneDeployment"}
    world.put(KBS_CONFIG, "bare", spec=spec)
    operator("v0.21").reconcile()
    assert backend.applied == []
    assert "kbsConfigMapName, kbsAuthSecretName must be set" in caplog.text
    assert [reason for reason, _ in world.events()] == ["DeploymentCreateFailed"]


def test_what_the_api_server_refuses_is_asked_once(world, settled, settle, backend, caplog):
    operator = settled()
    asked = []

    def refuse(deployment, _):
        asked.append(deployment)
        raise Blocked('Deployment.apps "trustee-deployment" is invalid')

    backend.apply = refuse
    patch(world, "kbsres1", "kbsres1")
    for _ in range(3):
        settle(operator)
    assert len(asked) == 1
    assert caplog.text.count('Deployment.apps "trustee-deployment" is invalid') == 1


def test_deleting_the_kbs_config_deletes_the_deployment_first(world, settled, backend):
    operator = settled()
    assert world.get(KBS_CONFIG, NAME)["metadata"]["finalizers"] == [FINALIZER]
    world.drop(KBS_CONFIG, NAME)
    operator.reconcile()
    assert not backend.there
    assert world.get(KBS_CONFIG, NAME)["metadata"]["finalizers"] == []


def test_the_finalizer_stays_where_the_deployment_is_gone(world, settled, backend, caplog):
    operator = settled()
    backend.there = False
    world.drop(KBS_CONFIG, NAME)
    operator.reconcile()
    assert world.get(KBS_CONFIG, NAME)["metadata"]["finalizers"] == [FINALIZER]
    assert "Error in finalizing KbsConfig" in caplog.text


@pytest.mark.parametrize(("release", "ready"), [("v0.17", True), ("v0.18", False)])
def test_a_pod_that_goes_down_is_told_from_v0_18(world, settled, settle, backend, release, ready):
    operator = settled(release)
    backend.up = False
    settle(operator)
    assert world.get(KBS_CONFIG, NAME)["status"]["isReady"] is ready


def test_ready_stays_during_a_roll(world, settled, settle, backend):
    operator = settled("v0.18")
    backend.up, backend.rolling = False, True
    settle(operator)
    assert world.get(KBS_CONFIG, NAME)["status"]["isReady"] is True


def test_a_rotation_writes_nothing_and_deploys_nothing(world, settled, settle, backend):
    operator = settled("v0.21")
    before = len(backend.applied), len(world.server.writes)
    world.secret("attestation-status", status="new")
    settle(operator)
    assert (len(backend.applied), len(world.server.writes)) == before


def test_a_second_kbs_config_is_left_alone(world, settled, settle, backend, caplog):
    operator = settled()
    world.put(KBS_CONFIG, "another", spec={})
    settle(operator)
    assert "KbsConfigs besides the oldest are left alone: another" in caplog.text
    assert backend.apply(backend.applied[-1], {}) is Done.NOTHING


def test_a_sample_that_is_deleted_blocks_v0_17_and_heals_v0_18(world, settled, settle, caplog):
    operator = settled("v0.17")
    world.drop(SECRET, "kbsres1")
    settle(operator)
    assert 'Secret "kbsres1" not found' in caplog.text
