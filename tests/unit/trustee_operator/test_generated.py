"""A TrusteeConfig brings what its release brings, and users' edits hold where they do upstream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.reference.operator.cluster import (
    CONFIG_MAP,
    KBS_CONFIG,
    SECRET,
    TRUSTEE_CONFIG,
    secret_data,
)
from trustee_conformance.harness.reference.operator.generated import merged

COMMON = {
    "trusteeconfigs/trusteeconfig",
    "kbsconfigs/trusteeconfig-kbs-config",
    "configmaps/trusteeconfig-kbs-config",
    "configmaps/trusteeconfig-resource-policy",
    "configmaps/trusteeconfig-rvps-reference-values",
    "secrets/trusteeconfig-auth-secret",
}
ONE_POLICY = {"configmaps/trusteeconfig-attestation-policy"}
TWO_POLICIES = {
    "configmaps/trusteeconfig-attestation-policy-cpu",
    "configmaps/trusteeconfig-attestation-policy-gpu",
}
TDX, KBSRES1 = {"configmaps/trusteeconfig-tdx-config"}, {"secrets/kbsres1"}

BROUGHT = {
    "v0.17": COMMON | ONE_POLICY | TDX | KBSRES1,
    "v0.18": COMMON | TWO_POLICIES | TDX | KBSRES1,
    "v0.19": COMMON | TWO_POLICIES | TDX | KBSRES1,
    "v0.21": COMMON | TWO_POLICIES | {"secrets/attestation-status"},
}
SAMPLES = {
    "v0.17": ("kbsres1", {"key1": b"res1val1", "key2": b"res1val2"}),
    "v0.21": ("attestation-status", {"status": b"success"}),
}
NAME = "trusteeconfig-kbs-config"


@pytest.mark.parametrize("release", BROUGHT)
def test_it_brings_what_the_release_brings(world, settled, release):
    settled(release)
    assert world.names() == BROUGHT[release]


@pytest.mark.parametrize("release", SAMPLES)
def test_the_list_starts_with_the_sample(world, settled, release):
    settled(release)
    name, content = SAMPLES[release]
    assert world.get(KBS_CONFIG, NAME)["spec"]["kbsSecretResources"] == [name]
    assert secret_data(world.get(SECRET, name)) == content


@pytest.mark.parametrize(
    ("release", "key", "text"),
    [
        ("v0.17", "policy.rego", "default allow = true"),
        ("v0.18", "policy.rego", "default allow = true"),
        ("v0.19", "resource-policy.rego", 'data.plugin == "resource"'),
        ("v0.21", "resource-policy.rego", 'data.plugin == "resource"'),
    ],
)
def test_the_resource_policy_is_the_profiles(world, settled, release, key, text):
    settled(release)
    policy = world.get(CONFIG_MAP, "trusteeconfig-resource-policy")["data"]
    assert list(policy) == [key]
    assert text in policy[key]


def test_restricted_allows_what_is_affirmed_and_speaks_https(world, settled):
    settled("v0.17", profile="Restricted")
    [policy] = world.get(CONFIG_MAP, "trusteeconfig-resource-policy")["data"].values()
    assert "affirming" in policy
    config = world.get(CONFIG_MAP, NAME)["data"]["kbs-config.toml"]
    assert "insecure_http = false" in config
    assert "KbsEnvVars" not in world.get(KBS_CONFIG, NAME)["spec"]


def test_an_unknown_profile_counts_as_permissive(world, settled):
    settled("v0.17", profile="Strict")
    assert world.get(KBS_CONFIG, NAME)["spec"]["KbsEnvVars"] == {"RUST_LOG": "debug"}


def test_what_it_brought_goes_with_it(world, settled):
    settled()
    uid = world.get(TRUSTEE_CONFIG, "trusteeconfig")["metadata"]["uid"]
    for kind, name in ((KBS_CONFIG, NAME), (SECRET, "kbsres1"), (CONFIG_MAP, NAME)):
        [owner] = world.get(kind, name)["metadata"]["ownerReferences"]
        assert (owner["uid"], owner["controller"]) == (uid, True)


def test_contents_are_kept(world, settled, settle):
    operator = settled("v0.21")
    key = world.get(SECRET, "trusteeconfig-auth-secret")["data"]
    world.put(CONFIG_MAP, "trusteeconfig-resource-policy", data={"resource-policy.rego": "mine"})
    world.put(TRUSTEE_CONFIG, "trusteeconfig", spec={"kbsServiceType": "NodePort"})
    settle(operator)
    kept = world.get(CONFIG_MAP, "trusteeconfig-resource-policy")
    assert kept["data"] == {"resource-policy.rego": "mine"}
    assert world.get(SECRET, "trusteeconfig-auth-secret")["data"] == key
    assert world.get(KBS_CONFIG, NAME)["spec"]["kbsServiceType"] == "NodePort"


def test_an_empty_list_is_filled_again(world, settled, settle):
    operator = settled()
    world.put(KBS_CONFIG, NAME, spec={"kbsSecretResources": []})
    settle(operator)
    assert world.get(KBS_CONFIG, NAME)["spec"]["kbsSecretResources"] == ["kbsres1"]


def test_a_field_of_the_operators_is_written_over(world, settled, settle):
    operator = settled()
    world.put(KBS_CONFIG, NAME, spec={"kbsAuthSecretName": "mine"})
    settle(operator)
    found = world.get(KBS_CONFIG, NAME)["spec"]["kbsAuthSecretName"]
    assert found == "trusteeconfig-auth-secret"


@pytest.mark.parametrize(("release", "early"), [("v0.17", True), ("v0.18", False)])
def test_only_v0_17_is_ready_before_its_kbs(world, settled, backend, release, early):
    backend.up = False
    settled(release)
    status = world.get(TRUSTEE_CONFIG, "trusteeconfig")["status"]
    assert status["isReady"] is early
    assert status["kbsConfigRef"]["name"] == NAME


@pytest.mark.parametrize("release", ["v0.17", "v0.18"])
def test_it_is_ready_when_its_kbs_is(world, settled, release):
    settled(release)
    assert world.get(TRUSTEE_CONFIG, "trusteeconfig")["status"]["isReady"] is True


@pytest.mark.parametrize("release", ["v0.18", "v0.19", "v0.21"])
def test_what_is_deleted_comes_back(world, settled, settle, release):
    operator = settled(release)
    world.drop(CONFIG_MAP, "trusteeconfig-resource-policy")
    settle(operator)
    assert world.names() == BROUGHT[release]


def test_v0_17_does_not_watch_what_it_brought_but_the_kbs_config(world, settled, settle):
    operator = settled("v0.17")
    world.drop(CONFIG_MAP, "trusteeconfig-resource-policy")
    settle(operator)
    assert world.get(CONFIG_MAP, "trusteeconfig-resource-policy") is None
    world.put(KBS_CONFIG, NAME, spec={"KbsDeploymentSpec": {"replicas": 2}})
    settle(operator)
    assert world.names() == BROUGHT["v0.17"]


def test_a_tls_secret_is_split_once(world, settled, settle):
    world.secret("tls", **{"tls.key": "the key", "tls.crt": "the certificate"})
    operator = settled("v0.17")
    world.put(TRUSTEE_CONFIG, "trusteeconfig", spec={"httpsSpec": {"tlsSecretName": "tls"}})
    settle(operator)
    world.secret("tls", **{"tls.key": "another"})
    world.put(TRUSTEE_CONFIG, "trusteeconfig", spec={"kbsServiceType": "NodePort"})
    settle(operator)
    key = world.get(SECRET, "trusteeconfig-https-key-secret")
    assert secret_data(key) == {"privateKey": b"the key"}
    spec = world.get(KBS_CONFIG, NAME)["spec"]
    assert spec["kbsHttpsKeySecretName"] == "trusteeconfig-https-key-secret"


def test_a_tls_secret_that_is_none_blocks(world, operator, caplog):
    spec = {"httpsSpec": {"tlsSecretName": "tls"}}
    world.put(TRUSTEE_CONFIG, "trusteeconfig", spec=spec)
    operator().reconcile()
    assert world.get(KBS_CONFIG, NAME) is None
    assert 'httpsSpec: "tls" is no Secret with tls.key and tls.crt' in caplog.text


variables = st.dictionaries(st.sampled_from("ABC"), st.text(max_size=3), max_size=3)
specs = st.fixed_dictionaries(
    {},
    optional={
        "kbsSecretResources": st.lists(st.sampled_from(["a", "b"]), max_size=3),
        "KbsEnvVars": variables,
        "KbsDeploymentSpec": st.fixed_dictionaries({"replicas": st.integers(0, 3)}),
        "kbsAuthSecretName": st.sampled_from(["mine", ""]),
        "ibmSEConfigSpec": st.fixed_dictionaries({"certStorePvc": st.sampled_from(["", "p"])}),
    },
)


@given(specs, specs)
def test_merging_again_changes_nothing(generated, found):
    once = merged(generated, found)
    assert merged(generated, once) == once


@given(specs, specs)
def test_edits_hold_where_they_may(generated, found):
    whole = merged(generated, found)
    for name in ("kbsSecretResources", "KbsDeploymentSpec"):
        if found.get(name):
            assert whole[name] == found[name]
    assert (whole.get("KbsEnvVars") or {}).items() >= (found.get("KbsEnvVars") or {}).items()
    assert whole.get("kbsAuthSecretName") == generated.get("kbsAuthSecretName")
