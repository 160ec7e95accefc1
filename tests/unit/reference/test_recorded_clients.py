"""Against what real servers answered, the client double sends what was recorded and decodes it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from starlette.requests import Request
from starlette.responses import Response
from trustee_conformance.harness.reference import protocol
from trustee_conformance.harness.reference.client import rcar
from trustee_conformance.harness.reference.client.errors import ClientError
from trustee_conformance.harness.reference.client.http import Http

EXPIRES = re.compile("Expires=.*")
IN_FUTURE = "Expires=Fri, 31 Dec 2100 00:00:00 GMT"
"""A client sends no cookie that has expired, and the recorded ones have."""


class Recorded:
    """Answers as it was recorded, and keeps what it is asked."""

    def __init__(self, case: dict[str, Any], refusal: dict[str, Any]) -> None:
        self._case, self._refusal = case, refusal
        self.asked: list[tuple[str, str, Any]] = []
        self.cookies: list[str | None] = []

    async def __call__(self, scope, receive, send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        step = scope["path"].removeprefix("/kbs/v0/").partition("/")[0]
        self.asked.append((request.method, step, json.loads(body) if body else None))
        self.cookies.append(request.headers.get("cookie"))
        recorded = self._answer(step, request)
        cookie = recorded["setCookie"] and EXPIRES.sub(IN_FUTURE, recorded["setCookie"])
        headers = {"content-type": recorded["contentType"], "set-cookie": cookie}
        kept = {name: value for name, value in headers.items() if value}
        await Response(recorded["body"], recorded["status"], kept)(scope, receive, send)

    def _answer(self, step: str, request: Request) -> dict[str, Any]:
        if step != "resource":
            return self._case[step]["response"]
        by_bearer = "authorization" in request.headers
        if not by_bearer and "cookie" not in request.headers:
            return self._refusal
        return self._case["resourceByBearer" if by_bearer else "resource"]["response"]


def key_of(case: dict[str, Any]) -> Any:
    kind = RSAKey if case["teeKey"]["kty"] == "RSA" else ECKey
    return kind.import_key(case["teeKey"])


@pytest.fixture(params=["P-256", "P-521", "RSA-OAEP-256"])
def fetch(request, recording, serve_application):
    """A recorded fetch, the server that repeats it, its address and the client's key."""
    _, cases = recording
    case = cases[f"fetch {request.param}"]
    server = Recorded(case, cases["no session"]["response"])
    return case, server, serve_application(server), key_of(case)


def test_a_fetch_by_attestation(fetch):
    case, server, url, key = fetch
    http = Http(url, None, rcar.USER_AGENT)
    path = case["resource"]["path"]
    served = case["resource"]["response"]["status"] == 200
    if served:
        value = rcar.get_resource(http, rcar.Attester(http, key), key, path)
        assert value == base64.b64decode(case["plaintextBase64"])
    else:
        with pytest.raises(ClientError, match=r"^request unauthorized$"):
            rcar.get_resource(http, rcar.Attester(http, key), key, path)
    handshake = [
        ("POST", "auth", case["auth"]["request"]),
        ("POST", "attest", case["attest"]["request"]),
    ]
    asked = [("GET", "resource", None), *handshake]
    assert server.asked == ([*asked, asked[0]] if served else asked * 3)
    cookie = case["auth"]["response"]["setCookie"].partition(";")[0]
    assert server.cookies[:4] == [None, None, cookie, cookie]


def test_a_fetch_by_token(fetch):
    case, server, url, key = fetch
    token = json.loads(case["attest"]["response"]["body"])["token"]
    given, path = rcar.GivenToken(token), case["resource"]["path"]
    http = Http(url, None, rcar.USER_AGENT)
    if case["resourceByBearer"]["response"]["status"] == 200:
        value = rcar.get_resource(http, given, key, path)
        assert value == base64.b64decode(case["plaintextBase64"])
        assert server.asked == [("GET", "resource", None)]
    else:
        with pytest.raises(ClientError, match=r"^request unauthorized$"):
            rcar.get_resource(http, given, key, path)
        assert server.asked == [("GET", "resource", None)] * 3


@pytest.mark.parametrize("name", ["tampered report_data", "other nonce", "protocol 0.2.0"])
def test_a_handshake_that_is_refused_ends_the_fetch_at_once(recording, serve_application, name):
    _, cases = recording
    case = cases[name]
    server = Recorded(case, cases["no session"]["response"])
    http = Http(serve_application(server), None, rcar.USER_AGENT)
    key = key_of(case)
    with pytest.raises(ClientError, match="RCAR handshake failed") as failed:
        rcar.get_resource(http, rcar.Attester(http, key), key, "default/one/key")
    step = "attest" if "attest" in case else "auth"
    detail = json.loads(case[step]["response"]["body"])["detail"]
    assert detail in str(failed.value)
    assert [asked[1] for asked in server.asked] == ["resource", "auth", "attest"][
        : 2 + (step == "attest")
    ]


def test_an_unknown_plugin_is_not_asked_for_twice(recording, serve_application):
    _, cases = recording
    server = Recorded({}, cases["unknown plugin"]["response"])
    http = Http(serve_application(server), None, rcar.USER_AGENT)
    key = ECKey.generate_key("P-256")
    with pytest.raises(ClientError, match="KBS resource not found"):
        rcar.get_resource(http, rcar.Attester(http, key), key, "default/one/key")
    assert len(server.asked) == 1


def test_the_recorded_hash_is_of_the_recorded_canonical_json(recording):
    _, cases = recording
    for name, case in cases.items():
        if "attest" in case and name != "tampered report_data":
            bound = json.loads(case["attest"]["canonical"])
            evidence = case["attest"]["request"]["tee-evidence"]
            recorded = evidence["primary_evidence"]["report_data"]
            assert protocol.report_data(bound) == recorded, name
