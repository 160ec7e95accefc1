"""The attestation policy is one that the real attestation service can use.

It asks for `data.policy.trust_claims` and `data.policy.extensions`, and fails without them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from regopy import Interpreter
from trustee_conformance.harness.reference.kbs.appraisal import sample_claims, trust_vector
from trustee_conformance.harness.reference.operator.texts import ATTESTATION_POLICY

GOOD = {"svn": ["1"], "launch_digest": ["abcde"], "major_version": 1, "minimum_minor_version": 4}
LOOKUP = "query_reference_value(name) := data.reference[name]"
"""What the attestation service adds to the language."""


def evaluated(rule: str, claims: Any, reference: dict[str, Any]) -> Any:
    engine = Interpreter()
    engine.add_module("policy.rego", f"{ATTESTATION_POLICY}\n{LOOKUP}\n")
    engine.add_data_json(json.dumps({"reference": reference}))
    engine.set_input(claims)
    [result] = engine.query(f"found = data.policy.{rule}").results
    return result.bindings["found"]


@pytest.mark.parametrize("reference", [{}, GOOD, {**GOOD, "svn": "1"}, {"launch_digest": ["x"]}])
def test_sample_evidence_is_graded_as_the_double_grades_it(reference):
    found = evaluated("trust_claims", {"sample": sample_claims("1")}, reference)
    assert found == trust_vector(sample_claims("1"), reference)


def test_without_reference_values_the_grades_are_the_recorded_ones():
    found = evaluated("trust_claims", {"sample": sample_claims("1")}, {})
    graded = {name: value for name, value in found.items() if value}
    assert graded == {"hardware": 97, "executables": 33, "configuration": 2}
    assert len(found) == 8


def test_other_evidence_is_unknown():
    found = evaluated("trust_claims", {"tdx": {}}, GOOD)
    assert (found["hardware"], found["executables"], found["configuration"]) == (97, 33, 36)


def test_the_extension_is_the_recorded_one():
    [extension] = evaluated("extensions", {"sample": sample_claims("1")}, {})
    assert (extension["name"], extension["value"]) == (
        "ear.trustee.identifiers",
        {"validated": {}},
    )
