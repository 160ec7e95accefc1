"""The pod that each release makes of a KbsConfig."""

from __future__ import annotations

import pytest
from trustee_conformance.harness.reference.operator.cluster import CONFIG_MAP, SECRET
from trustee_conformance.harness.reference.operator.pod_spec import Blocked, Images, PodSpec
from trustee_conformance.harness.reference.operator.releases import GENERATIONS, RELEASES

IMAGES = Images("kbs", ("kbs",), "operator", ("convert",))
BARE = {
    "kbsDeploymentType": "AllInOneDeployment",
    "kbsConfigMapName": "config",
    "kbsAuthSecretName": "auth",
    "kbsRvpsRefValuesConfigMapName": "values",
    "kbsSecretResources": ["one", "two"],
}
FULL = {
    **BARE,
    "kbsResourcePolicyConfigMapName": "policy",
    "kbsAttestationPolicyConfigMapName": "cpu",
    "kbsGpuAttestationPolicyConfigMapName": "gpu",
    "tdxConfigSpec": {"kbsTdxConfigMapName": "tdx"},
    "kbsHttpsKeySecretName": "auth",
    "kbsHttpsCertSecretName": "auth",
    "kbsAttestationKeySecretName": "auth",
    "kbsAttestationCertSecretName": "auth",
}
OPT = "/opt/confidential-containers"

ALWAYS = {
    "kbs-config",
    "auth-secret",
    "reference-values",
    "attestation-policy",
    "attestation-policy-dir",
    "https-key",
    "https-cert",
    "attestation-key",
    "attestation-cert",
}
LIVE = {"opa", "default", "confidential-containers", "tdx-config"}
COPIED = {"resource-policy", "resource-policy-dir", "rvps-dir", "attestation-policy-gpu"}
RESERVED = {
    "v0.17": ALWAYS | LIVE,
    "v0.18": ALWAYS | LIVE | {"attestation-policy-gpu"},
    "v0.19": ALWAYS | COPIED | {"confidential-containers", "tdx-config"},
    "v0.21": ALWAYS | COPIED | {"repository-dir", "base-storage-dir"},
}
"""The names that facts about the releases list as taken, as-config and rvps-config aside."""


@pytest.fixture
def template(world):
    for name in ("config", "values", "policy", "cpu", "gpu", "tdx"):
        world.put(CONFIG_MAP, name, data={})
    for name in ("auth", "one", "two"):
        world.secret(name, key="value")

    def make(name, spec=FULL, generation=None, images=IMAGES):
        release = RELEASES[name]
        of = GENERATIONS[generation or release.generation]
        return PodSpec(release, of, images, world.cluster).template(spec)

    return make


def mounts(template, container=0, *, init=False):
    of = template["spec"]["initContainers" if init else "containers"][container]
    return {one["name"]: (one["mountPath"], one.get("subPath")) for one in of["volumeMounts"]}


@pytest.mark.parametrize("release", RELEASES)
def test_its_own_volumes_have_the_names_that_are_reserved(template, release):
    names = [one["name"] for one in template(release)["spec"]["volumes"]]
    assert len(names) == len(set(names))
    assert set(names) - {"one", "two"} == RESERVED[release]


@pytest.mark.parametrize("release", ["v0.17", "v0.18"])
def test_up_to_v0_18_secrets_are_mounted_where_kbs_reads(template, release):
    made = template(release)
    assert mounts(made)["one"] == (f"{OPT}/kbs/repository/default/one", None)
    assert mounts(made)["opa"] == (f"{OPT}/opa", None)
    assert "initContainers" not in made["spec"]


def test_v0_19_mounts_secrets_in_both_containers(template):
    made, place = template("v0.19"), (f"{OPT}/storage/repository/default/one", None)
    assert mounts(made)["one"] == mounts(made, init=True)["one"] == place
    assert mounts(made, init=True)["confidential-containers"] == (OPT, None)


def test_v0_21_mounts_secrets_in_the_init_container_alone(template):
    made = template("v0.21")
    assert "one" not in mounts(made)
    assert mounts(made, init=True)["one"] == ("/tmp/kbs-secrets/one", None)
    filled = (f"{OPT}/storage/repository", None)
    assert mounts(made, init=True)["repository-dir"] == mounts(made)["repository-dir"] == filled


@pytest.mark.parametrize("release", ["v0.19", "v0.21"])
def test_from_v0_19_a_policy_is_one_file_that_stays(template, release):
    file = f"{OPT}/storage/kbs/resource-policy.rego"
    assert mounts(template(release))["resource-policy"] == (file, "resource-policy.rego")


@pytest.mark.parametrize("release", ["v0.19", "v0.21"])
def test_from_v0_19_the_image_of_the_init_container_must_be_set(template, release):
    with pytest.raises(Blocked, match="OPERATOR_IMAGE_NAME"):
        template(release, images=Images("kbs", ("kbs",), "", ("convert",)))


@pytest.mark.parametrize("release", RELEASES)
def test_the_config_is_where_the_command_says(template, release):
    made = template(release)
    [container] = made["spec"]["containers"]
    assert container["command"] == ["kbs", "--config-file", "/etc/kbs-config/kbs-config.toml"]
    assert mounts(made)["kbs-config"] == ("/etc/kbs-config", None)
    assert (container["name"], made["metadata"]["labels"]) == ("kbs", {"app": "kbs"})


@pytest.mark.parametrize(
    ("release", "field", "needed"),
    [
        ("v0.17", "kbsConfigMapName", True),
        ("v0.17", "kbsAuthSecretName", True),
        ("v0.17", "kbsRvpsRefValuesConfigMapName", True),
        ("v0.18", "kbsRvpsRefValuesConfigMapName", True),
        ("v0.19", "kbsRvpsRefValuesConfigMapName", False),
        ("v0.21", "kbsConfigMapName", True),
        ("v0.21", "kbsAuthSecretName", True),
        ("v0.21", "kbsRvpsRefValuesConfigMapName", False),
    ],
)
def test_fields_that_are_required(template, release, field, needed):
    spec = {**BARE, field: ""}
    if needed:
        with pytest.raises(Blocked, match=field):
            template(release, spec)
    else:
        template(release, spec)


@pytest.mark.parametrize("kind", ["", "MicroservicesDeployment"])
def test_another_deployment_type_is_refused(template, kind):
    with pytest.raises(Blocked, match="AllInOneDeployment"):
        template("v0.17", {**BARE, "kbsDeploymentType": kind})


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kbsSecretResources", ["one", "absent"], 'Secret "absent" not found'),
        ("kbsAuthSecretName", "absent", 'Secret "absent" not found'),
        ("kbsConfigMapName", "absent", 'ConfigMap "absent" not found'),
    ],
)
def test_what_is_named_must_be_there(template, field, value, message):
    with pytest.raises(Blocked) as blocked:
        template("v0.21", {**BARE, field: value})
    assert str(blocked.value) == message


def test_only_v0_21_rolls_when_a_config_map_changes(world, template):
    before = {name: template(name) for name in RELEASES}
    world.put(CONFIG_MAP, "policy", data={"key": "new"})
    changed = [name for name in RELEASES if template(name) != before[name]]
    assert changed == ["v0.21"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_secret_that_changes_rolls_nothing(world, template, release):
    before = template(release)
    world.secret("one", key="new")
    assert template(release) == before


def test_variables_are_in_a_fixed_order(template):
    made = [
        template("v0.17", {**BARE, "KbsEnvVars": variables})
        for variables in ({"A": "1", "B": "2"}, {"B": "2", "A": "1"})
    ]
    assert made[0] == made[1]


def test_live_secrets_for_a_kbs_of_flat_files_are_followed(template):
    [converter] = template("v0.17", BARE, generation="v0.21")["spec"]["initContainers"]
    assert converter["restartPolicy"] == "Always"
    assert "--layout=flat" in converter["command"]
    assert any(part.startswith("--follow=") for part in converter["command"])


def test_copied_secrets_for_a_kbs_of_folders_are_copied_once(template):
    [converter] = template("v0.21", BARE, generation="v0.17")["spec"]["initContainers"]
    assert "restartPolicy" not in converter
    assert "--layout=directories" in converter["command"]


def test_cached_certificates_take_their_secrets_name(template):
    spec = {**BARE, "kbsLocalCertCacheSpec": {"secrets": [{"secretName": "auth"}]}}
    assert mounts(template("v0.17", spec))["auth"] == ("/etc/kbs/certs", None)
    assert [one["name"] for one in template("v0.17", spec)["spec"]["volumes"]].count("auth") == 1


def test_a_secret_of_the_pods_own_is_found_in_the_namespace(world, template):
    world.drop(SECRET, "auth")
    with pytest.raises(Blocked):
        template("v0.17")
