"""Whatever is sent to the KBS double, it answers, and never with a failure of its own."""

from __future__ import annotations

import json
import resource
import socket

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from trustee_conformance.harness.reference.client import rcar
from trustee_conformance.harness.reference.client.http import Http
from trustee_conformance.harness.reference.jose import new_key

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)
members = st.sampled_from(
    [
        "version",
        "tee",
        "extra-params",
        "init-data",
        "runtime-data",
        "tee-evidence",
        "nonce",
        "tee-pubkey",
        "primary_evidence",
        "additional_evidence",
        "report_data",
        "svn",
        "kty",
        "crv",
        "alg",
        "x",
        "y",
        "n",
        "e",
        "format",
        "body",
    ]
)
messages = st.recursive(
    json_values | st.sampled_from(["0.4.0", "sample", "EC", "RSA", "P-256", "", "AAAA", "toml"]),
    lambda inner: st.dictionaries(members, inner, max_size=6),
    max_leaves=20,
)
bodies = st.binary(max_size=200) | messages.map(lambda one: json.dumps(one).encode())
paths = (
    st.sampled_from(["auth", "attest", "resource", "resource-policy", "reference-value", ""])
    | st.text(max_size=30)
    | st.lists(st.text(max_size=8), max_size=5).map("/".join)
    | st.text(max_size=20).map(lambda tail: f"resource/default/one/{tail}")
)
headers = st.dictionaries(
    st.sampled_from(["authorization", "cookie", "content-type", "accept", "x"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(str.strip)
    | st.sampled_from(["Bearer x", "Bearer ", "kbs-session-id=", "kbs-session-id=x; a=b"]),
    max_size=3,
)


NAN = b'{"version": NaN, "tee": "sample", "extra-params": ""}'
SURROGATE = b'{"version": "\\ud800", "tee": "sample", "extra-params": ""}'


@pytest.fixture(autouse=True)
def no_traceback(caplog):
    """See that the server logged no failure of its own."""
    yield
    failures = [one for one in caplog.get_records("call") if one.exc_info]
    assert failures == []


@pytest.fixture(params=["v0.17", "v0.21"])
def target(request, make_kbs, serve, put):
    """An address, and a session that has attested there."""
    put("default/one/key", b"value")
    url = serve(make_kbs(request.param))
    http = Http(url, None, rcar.USER_AGENT)
    rcar.Attester(http, new_key()).handshake()
    return url, http._session


@settings(max_examples=300)
@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    path=paths,
    body=bodies,
    more=headers,
    attested=st.booleans(),
)
@example(method="POST", path="auth", body=b"[" * 100_000, more={}, attested=False)
@example(method="POST", path="attest", body=b'{"a":' * 50_000, more={}, attested=True)
@example(method="POST", path="auth", body=NAN, more={}, attested=False)
@example(method="POST", path="auth", body=SURROGATE, more={}, attested=False)
@example(method="POST", path="attest", body=b"1" * 10_000, more={}, attested=True)
@example(method="GET", path="\ud7ff\x00%00", body=b"", more={}, attested=True)
def test_every_answer_is_one_of_the_protocols(target, method, path, body, more, attested):
    url, session = target
    sender = session if attested else requests
    answer = sender.request(method, f"{url}/kbs/v0/{path}", data=body, headers=more, timeout=10)
    assert answer.status_code in {200, 400, 401, 404, 405}, answer.text
    if answer.status_code in {401, 404} and answer.text:
        assert set(answer.json()) == {"type", "detail"}
    if answer.status_code == 200:
        assert path.split("?")[0].split("#")[0] in {"auth", "attest"} or "resource" in path


@settings(max_examples=100)
@given(st.dictionaries(members, messages, max_size=6))
def test_evidence_that_is_almost_right(target, changed):
    url, _ = target
    http = Http(url, None, rcar.USER_AGENT)
    attester = rcar.Attester(http, new_key())
    asked = {"version": "0.4.0", "tee": "sample", "extra-params": ""}
    nonce = http.send("POST", "/auth", json=asked).json()["nonce"]
    message = attester._evidence(nonce)
    for part in (message, message["runtime-data"], message["tee-evidence"]):
        part.update({name: value for name, value in changed.items() if name in part})
    body = json.dumps(message)
    assert http.send("POST", "/attest", data=body.encode()).status_code in {200, 401}


@settings(max_examples=200)
@given(st.binary(max_size=300))
@example(b"POST /kbs/v0/auth HTTP/1.1\r\nContent-Length: -1\r\n\r\n")
@example(b"POST /kbs/v0/auth HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab")
@example(b"POST /kbs/v0/auth HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
@example(b"GET /kbs/v0/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n")
def test_bytes_that_are_not_http(target, raw):
    url, _ = target
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"HTTP/1.1 5" not in answer


def status_of_a_long_body(url: str, pieces: list[bytes]) -> int | None:
    """Return the status, `None` where the connection was closed before all was sent."""
    try:
        return requests.post(f"{url}/kbs/v0/auth", data=iter(pieces), timeout=30).status_code
    except requests.ConnectionError:
        return None


def test_large_bodies_take_no_memory(target):
    url, _ = target
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    piece = b"x" * (1 << 20)
    for _ in range(3):
        assert status_of_a_long_body(url, [piece] * 200) in {413, None}
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert (after - before) / 1024 < 40, "MiB more"
    assert requests.get(f"{url}/metrics", timeout=5).status_code == 200
