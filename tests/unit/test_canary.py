"""Canaries are found raw and encoded, wherever they stand in an encoded text."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trustee_conformance.harness.adapters.store import LoggedIn, Opened, ReviewConfig
from trustee_conformance.harness.artifacts.provide import Binary
from trustee_conformance.harness.components.kbs_client import Fetched
from trustee_conformance.harness.components.store import StoreProcess
from trustee_conformance.harness.model.canary import Canaries

SECRET = b"\xfb\xff\xfe a value of many bytes ~~~"

TEXT = 'a "value" & more <of it>, schlüssel '


def element(text: str) -> ET.Element:
    one = ET.Element("failure", {"message": text})
    one.text = text
    return one


around = st.binary(max_size=20)


def canaries(value: bytes = SECRET) -> Canaries:
    one = Canaries()
    one.add("value", value)
    return one


@given(around, around, st.binary(min_size=16, max_size=64))
def test_base64_is_found_in_every_alignment(before, after, value):
    whole = before + value + after
    assert canaries(value).find(base64.b64encode(whole))
    assert canaries(value).find(base64.urlsafe_b64encode(whole).rstrip(b"="))


@given(around, around, st.binary(min_size=16, max_size=64))
def test_raw_and_hex_are_found(before, after, value):
    whole = before + value + after
    assert canaries(value).find(whole)
    assert canaries(value).find(whole.hex().encode())
    assert canaries(value).find(whole.hex().upper().encode())


@pytest.mark.parametrize(
    "written",
    [
        json.dumps({"value": TEXT}),
        json.dumps({"value": TEXT}, ensure_ascii=False),
        ET.tostring(element(TEXT), encoding="unicode"),
        f"https://example.org/?value={quote(TEXT, safe='')}",
        base64.encodebytes(TEXT.encode() * 5).decode(),
        json.dumps({"value": base64.encodebytes(TEXT.encode() * 5).decode()}),
    ],
    ids=["json", "json-utf8", "xml", "url", "wrapped", "wrapped-in-json"],
)
def test_an_escaped_or_wrapped_text_is_found(written):
    assert canaries(TEXT.encode()).find(written.encode())


def test_no_repr_shows_a_secret():
    shown = [
        canaries(TEXT.encode()),
        Opened(TEXT, TEXT),
        LoggedIn(TEXT, []),
        ReviewConfig("host", "ca", TEXT),
        Fetched(TEXT.encode(), None, None, 0),
        StoreProcess(Binary(Path("bao"), "here"), Path("here"), Canaries(), _token=TEXT),
    ]
    assert canaries(TEXT.encode()).find(repr(shown).encode()) == []


def test_text_without_a_canary_is_clean():
    assert canaries().find(b"nothing to see, " * 1000) == []


def test_the_name_is_told_and_not_the_value():
    [found] = canaries().find(SECRET)
    assert found == "value (raw)"


@given(st.text(max_size=50), st.text(alphabet=st.characters(codec="ascii"), min_size=16))
def test_what_was_redacted_holds_no_canary(before, value):
    one = canaries(value.encode())
    text = f"{before}{value}{base64.b64encode(value.encode()).decode()}"
    if value not in "<value (raw)>":
        assert one.find(one.redact(text).encode()) == []


def test_a_value_that_is_too_short_to_search_for_is_refused():
    with pytest.raises(ValueError, match="15 bytes"):
        Canaries().add("short", b"x" * 15)
