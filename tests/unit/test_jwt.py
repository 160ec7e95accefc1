"""JWT payloads are base64url without padding, and audiences come alone or in a list."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.model.jwt import audiences, payload


def token(claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.sig"


@given(st.dictionaries(st.text(), st.text()))
def test_every_payload_is_read(claims):
    assert payload(token(claims)) == claims


def test_one_audience_and_many():
    assert audiences(token({"aud": "a"})) == ["a"]
    assert audiences(token({"aud": ["a", "b"]})) == ["a", "b"]


@pytest.mark.parametrize("bad", ["", "a.b", "e30.!!!.s", token([1]), token({}), token({"aud": []})])
def test_what_is_no_token_or_names_no_audience_is_refused(bad):
    with pytest.raises(ValueError):  # noqa: PT011 - several sentences
        audiences(bad)
