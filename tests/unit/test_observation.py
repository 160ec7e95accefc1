"""Observations survive their file, and the journal leaves repetitions out."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.model import observation as seen
from trustee_conformance.harness.model.fingerprint import Fingerprinter
from trustee_conformance.harness.model.observation import Absence, Kind, Observation
from trustee_conformance.harness.model.propagation import propagation
from trustee_conformance.harness.model.words import Component, Hop
from trustee_conformance.harness.observe import Journal

optional = st.none
observations = st.builds(
    Observation,
    kind=st.sampled_from(Kind),
    at=st.floats(0, 1e6).map(lambda at: round(at, 3)),
    hop=st.sampled_from(Hop) | optional(),
    component=st.sampled_from(Component) | optional(),
    fingerprint=st.text("0123456789abcdef", min_size=16, max_size=16) | optional(),
    absence=st.sampled_from(Absence) | optional(),
    holds=st.booleans() | optional(),
    refused=st.booleans() | optional(),
    detail=st.dictionaries(st.text(), st.text() | st.integers() | st.booleans()),
)


@given(observations)
def test_an_observation_survives_json(one):
    assert Observation.from_json(json.loads(json.dumps(one.to_json()))) == one


@given(observations)
def test_members_of_a_later_version_are_passed_over(one):
    assert Observation.from_json({**one.to_json(), "later": 1}) == one


def test_the_journal_writes_what_changed_and_keeps_requirements_apart(tmp_path):
    journal = Journal(tmp_path / "observations.jsonl")
    journal.begin("SYNC-001")
    for at, mark in enumerate(["a", "a", "b", "a"]):
        journal.record(seen.value(float(at), Hop.STORE, mark))
    journal.begin("SYNC-002")
    journal.record(seen.value(9.0, Hop.STORE, "a"))
    assert [one.fingerprint for one in journal.of("SYNC-001")] == ["a", "b", "a"]
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert [line["requirement"] for line in lines] == ["SYNC-001"] * 3 + ["SYNC-002"]


def test_fingerprints_compare_within_a_run_and_not_between_runs():
    one, other = Fingerprinter(), Fingerprinter()
    assert one.of(b"x") == one.of(b"x") != one.of(b"y")
    assert one.of(b"x") != other.of(b"x")
    assert "salt" not in repr(one)


def test_propagation_counts_from_hop_to_hop_and_stops_where_the_value_does():
    history = [
        seen.intent(1.0, "new"),
        seen.value(1.5, Hop.STORE, "new"),
        seen.value(2.0, Hop.SECRET, "old"),
        seen.value(4.0, Hop.SECRET, "new"),
        seen.value(5.0, Hop.CLIENT, "new"),
    ]
    ways = [(way["from"], way["to"], way["seconds"]) for way in propagation(history)]
    assert ways == [("run", "store", 0.5), ("store", "secret", 2.5)]
