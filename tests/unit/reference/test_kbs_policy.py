"""Resource policies are Rego, decide before anything is read, and go live as they are edited."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.reference.client.policies import BUILT_IN
from trustee_conformance.harness.reference.kbs.policy import (
    DENY_SAMPLE,
    PolicyError,
    ResourcePolicy,
    evaluate,
)
from trustee_conformance.harness.reference.operator.releases import RELEASES
from trustee_conformance.harness.reference.operator.texts import resource_policy

PERMISSIVE = {name: resource_policy(one, restricted=False) for name, one in RELEASES.items()}
RESTRICTED = {name: resource_policy(one, restricted=True) for name, one in RELEASES.items()}
"""What each release of the operator writes for the two profiles."""


def claims(*statuses: str, sample: bool = True) -> dict[str, Any]:
    evidence: dict[str, Any] = {"sample": {"svn": "1"}} if sample else {"tdx": {}}
    return {
        "submods": {
            f"cpu{number}": {"ear.status": status, "ear.veraison.annotated-evidence": evidence}
            for number, status in enumerate(statuses)
        }
    }


def allows(policy: str, token: dict[str, Any], plugin: str = "resource") -> bool:
    return evaluate(policy, {"plugin": plugin, "resource-path": ["a", "b", "c"]}, token)


@pytest.mark.parametrize("policy", PERMISSIVE.values(), ids=PERMISSIVE)
def test_permissive_serves_sample_evidence(policy):
    assert allows(policy, claims("contraindicated"))


def test_permissive_is_for_resources_alone_from_v0_19():
    assert allows(PERMISSIVE["v0.17"], claims("none"), plugin="other")
    assert not allows(PERMISSIVE["v0.19"], claims("none"), plugin="other")


@pytest.mark.parametrize(
    ("statuses", "allowed"),
    [
        (("affirming",), True),
        (("affirming", "affirming"), True),
        (("affirming", "warning"), False),
        (("contraindicated",), False),
        ((), False),
    ],
)
@pytest.mark.parametrize("policy", [BUILT_IN["affirming"], *RESTRICTED.values()])
def test_affirming_wants_every_part_affirmed_and_one_at_least(policy, statuses, allowed):
    assert allows(policy, claims(*statuses)) is allowed


def test_the_default_serves_everybody_but_sample_evidence():
    assert not allows(DENY_SAMPLE, claims("affirming"))
    assert allows(DENY_SAMPLE, claims("none", sample=False))
    assert not allows(DENY_SAMPLE, claims("none", sample=False), plugin="other")


def test_a_policy_sees_the_path_the_query_and_the_claims():
    policy = ResourcePolicy(None)
    text = (
        "package policy\ndefault allow = false\n"
        'allow if { data["resource-path"] == ["a", "b", "c"]; data.query.x == "1"; input.y == 2 }'
    )
    data = {"plugin": "resource", "resource-path": ["a", "b", "c"], "query": {"x": "1"}}
    assert evaluate(text, data, {"y": 2})
    assert not evaluate(text, {**data, "query": {}}, {"y": 2})
    assert not policy.allows("resource", "a/b/c", {}, claims("affirming"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "package policy\nallow = {",
        "package policy\n",
        "package policy\nallow = 5\n",
        'package policy\nallow = "true"\n',
        "package other\nallow = true\n",
        "package policy\nallow if { input.absent }\n",
        "{}",
    ],
)
def test_a_policy_that_gives_neither_true_nor_false_is_an_error(text):
    with pytest.raises(PolicyError):
        allows(text, claims("affirming"))


@given(st.text(max_size=60))
def test_nonsense_after_the_package_is_an_error_or_a_decision(text):
    with contextlib.suppress(PolicyError):
        assert allows(f"package policy\ndefault allow = false\n{text}", {}) in {True, False}


def test_what_the_engine_says_of_a_broken_policy_goes_nowhere(capfd):
    with pytest.raises(PolicyError, match="Failed to load policy"):
        allows("package policy\nallow = {", {})
    assert capfd.readouterr() == ("", "")


def test_a_policy_that_is_not_there_is_written_at_the_start_and_missed_later(tmp_path):
    policy = ResourcePolicy(tmp_path / "opa" / "policy.rego")
    policy.prepare()
    assert not policy.allows("resource", "a/b/c", {}, claims("affirming"))
    policy.path.write_text(PERMISSIVE["v0.17"])
    policy.prepare()
    assert policy.allows("resource", "a/b/c", {}, claims("affirming"))
    policy.path.unlink()
    with pytest.raises(PolicyError, match="Failed to load policy"):
        policy.allows("resource", "a/b/c", {}, claims("affirming"))
