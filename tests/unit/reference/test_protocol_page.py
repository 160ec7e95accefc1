"""docs/protocol.md names what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[3] / "docs" / "protocol.md").read_text()


def test_every_recorded_refusal_is_on_the_page(recording):
    _, cases = recording
    answers = [
        part["response"]
        for case in cases.values()
        for part in (case, *case.values())
        if isinstance(part, dict) and "response" in part
    ]
    refusals = [json.loads(one["body"]) for one in answers if one["status"] != 200 and one["body"]]
    assert len(refusals) >= 15
    for refusal in refusals:
        variant = refusal["type"].rpartition("/")[2]
        assert f"`{variant}`" in PAGE, variant


@pytest.mark.parametrize("member", ["nonce", "tee-pubkey", "additional_evidence", "kbs-session-id"])
def test_the_members_of_messages_are_on_the_page(member):
    assert member in PAGE
