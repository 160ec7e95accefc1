"""Reference values decide whether sample evidence is affirmed."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from trustee_conformance.harness.reference.kbs.appraisal import sample_claims, status, trust_vector
from trustee_conformance.harness.reference.kbs.reference_values import ReferenceValues

GOOD = {"svn": ["1"], "launch_digest": ["abcde"], "major_version": 1, "minimum_minor_version": 4}
NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()


def appraised(reference) -> str:
    return status(trust_vector(sample_claims("1"), reference))


def test_all_reference_values_affirm():
    assert appraised(GOOD) == "affirming"
    assert appraised({**GOOD, "minimum_minor_version": 3}) == "affirming"


@pytest.mark.parametrize(
    "changed",
    [
        {"svn": "1"},
        {"svn": [1]},
        {"svn": ["2"]},
        {"svn": None},
        {"major_version": 2},
        {"major_version": True},
        {"minimum_minor_version": 5},
        {"minimum_minor_version": "4"},
        {"minimum_minor_version": [4]},
    ],
)
def test_hardware_that_is_not_known_is_contraindicated(changed):
    assert appraised({**GOOD, **changed}) == "contraindicated"


def test_code_that_is_not_known_is_a_warning():
    assert appraised({**GOOD, "launch_digest": ["other"]}) == "warning"


def test_without_reference_values_the_vector_is_the_recorded_one(recording):
    assert trust_vector(sample_claims("1"), {}) == {
        "instance-identity": 0,
        "configuration": 2,
        "executables": 33,
        "file-system": 0,
        "hardware": 97,
        "runtime-opaque": 0,
        "storage-opaque": 0,
        "sourced-data": 0,
    }


ENTRIES = [
    {"name": "svn", "expiration": "2027-01-01T00:00:00Z", "value": ["1"]},
    {"name": "old", "expiration": "2025-01-01T00:00:00Z", "value": 1},
    {"name": "lasting", "value": 4},
]


@pytest.mark.parametrize(
    "content",
    [
        ENTRIES,
        {entry["name"]: entry for entry in ENTRIES},
        {entry["name"]: json.dumps(entry) for entry in ENTRIES},
        {
            entry["name"]: base64.urlsafe_b64encode(json.dumps(entry).encode()).decode()
            for entry in ENTRIES
        },
    ],
    ids=["list", "object", "object of text", "object of base64"],
)
def test_values_are_read_from_a_file_until_they_expire(tmp_path, content):
    file = tmp_path / "values.json"
    file.write_text(json.dumps(content))
    assert ReferenceValues(file).valid(NOW) == {"svn": ["1"], "lasting": 4}


def test_values_are_read_from_a_folder(tmp_path):
    for entry in ENTRIES:
        (tmp_path / entry["name"]).write_text(json.dumps(entry))
    (tmp_path / "..data").mkdir()
    assert ReferenceValues(tmp_path).valid(NOW) == {"svn": ["1"], "lasting": 4}


def test_no_file_is_no_values(tmp_path):
    assert ReferenceValues(None).valid(NOW) == {}
    assert ReferenceValues(tmp_path / "absent").valid(NOW) == {}


@pytest.mark.parametrize("text", ["x", "1", "[1]", '[{"value": 1}]', '{"a": 1}'])
def test_nonsense_is_an_error(tmp_path, text):
    file = tmp_path / "values.json"
    file.write_text(text)
    with pytest.raises(ValueError, match=r"."):
        ReferenceValues(file).valid(NOW)
