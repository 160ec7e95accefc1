"""What real servers answered, the KBS double answers to the same requests."""

from __future__ import annotations

import base64
import json
import re
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
from jwcrypto import jwe, jwk
from trustee_conformance.harness.reference.kbs.session import Sessions
from trustee_conformance.harness.reference.kbs.token import Trust

VALUE = b"vaultSecretValue"
RESOURCE = "default/vault-test-secret/externalVaultTestSecret"
LIFETIME = 300
GARBAGE = {"garbage bearer": {"Authorization": "Bearer garbage"}}
COOKIES = {"unknown cookie": {"kbs-session-id": "0" * 32}}


def single(cases: dict[str, Any]) -> dict[str, Any]:
    return {name: case for name, case in cases.items() if "request" in case}


def handshakes(cases: dict[str, Any]) -> dict[str, Any]:
    return {name: case for name, case in cases.items() if "auth" in case}


def told(answer: requests.Response) -> dict[str, Any]:
    return {
        "status": answer.status_code,
        "contentType": answer.headers.get("content-type"),
        "setCookie": answer.headers.get("set-cookie"),
        "body": answer.text,
    }


def parts(token: str) -> list[dict[str, Any]]:
    return [
        json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for part in token.split(".")[:2]
    ]


@pytest.fixture
def policy(recording) -> str | None:
    return None if "default-policy" in recording[0] else "package policy\ndefault allow = true\n"


def test_requests_without_a_handshake(recording, make_kbs, serve, policy):
    server, cases = recording
    url = serve(make_kbs(server[:5], policy))
    for name, case in single(cases).items():
        asked = case["request"]
        body = asked["body"]
        sent = body.encode() if isinstance(body, str) else body and json.dumps(body).encode()
        answer = requests.request(
            asked["method"],
            f"{url}{asked['path']}",
            data=sent,
            headers=GARBAGE.get(name),
            cookies=COOKIES.get(name),
            timeout=5,
        )
        assert told(answer) == case["response"], name


def test_handshakes_and_what_follows(recording, make_kbs, serve, policy, put):
    server, cases = recording
    put(RESOURCE, VALUE)
    for name, case in handshakes(cases).items():
        replay(name, case, make_kbs(server[:5], policy, **chance(case)), serve)


def chance(case: dict[str, Any]) -> dict[str, Any]:
    """Give a KBS the nonce, the cookie and the time of a recording."""
    auth = case["auth"]["response"]
    if auth["status"] != 200:
        return {}
    cookie, _, expires = auth["setCookie"].partition("; Expires=")
    began = parsedate_to_datetime(expires).timestamp() - LIFETIME
    nonce = base64.b64decode(json.loads(auth["body"])["nonce"])
    sessions = Sessions(
        clock=lambda: began,
        entropy=lambda _: nonce,
        new_id=lambda: cookie.partition("=")[2],
    )
    return {"sessions": sessions, "clock": lambda: began}


def replay(name: str, case: dict[str, Any], kbs, serve) -> None:
    url = f"{serve(kbs)}/kbs/v0"
    with requests.Session() as session:
        answer = session.post(f"{url}/auth", json=case["auth"]["request"], timeout=5)
        assert told(answer) == case["auth"]["response"], name
        if "attest" not in case:
            return
        cookie = {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
        session.cookies.clear()
        answer = session.post(
            f"{url}/attest", json=case["attest"]["request"], headers=cookie, timeout=5
        )
        same_but_for_the_token(answer, case["attest"]["response"], name)
        if "resource" not in case:
            return
        bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
        resource = f"{url}/resource/{case['resource']['path']}"
        for way, recorded in ((cookie, "resource"), (bearer, "resourceByBearer")):
            answer = session.get(resource, headers=way, timeout=5)
            same_but_for_chance(answer, case[recorded]["response"], case, name)


def same_but_for_the_token(answer: requests.Response, recorded: dict[str, Any], name: str) -> None:
    seen = told(answer)
    ours, theirs = seen.pop("body"), {**recorded}.pop("body")
    assert seen == {key: recorded[key] for key in seen}, name
    if recorded["status"] != 200:
        assert ours == theirs, name
        return
    (our_header, our_claims), (header, claims) = (
        parts(json.loads(body)["token"]) for body in (ours, theirs)
    )
    assert our_claims == claims, name
    assert list(our_claims) == list(claims), name
    assert list(our_header["jwk"]) == list(header["jwk"]), name
    for one in (our_header, header):
        one["jwk"] = {key: one["jwk"][key] for key in ("alg", "kty", "crv")}
    assert our_header == header, name


def same_but_for_chance(answer, recorded: dict[str, Any], case: dict[str, Any], name: str) -> None:
    seen = told(answer)
    if recorded["status"] != 200:
        assert seen == recorded, name
        return
    assert {**seen, "body": ""} == {**recorded, "body": ""}, name
    ours, theirs = json.loads(seen["body"]), json.loads(recorded["body"])
    assert list(ours) == list(theirs), name
    assert shape(ours["protected"]) == shape(theirs["protected"]), name
    opened = jwe.JWE()
    opened.deserialize(json.dumps(ours), jwk.JWK(**case["teeKey"]))
    assert opened.payload == base64.b64decode(case["plaintextBase64"]) == VALUE, name


CHANCE = re.compile(r'"(x|y)":"[^"]+"')


def shape(protected: str) -> str:
    """The header as it is sent, without what is made by chance: clients encode it anew, sorted."""
    text = base64.urlsafe_b64decode(protected + "=" * (-len(protected) % 4)).decode()
    return CHANCE.sub(r'"\1":""', text)


def test_a_recorded_token_is_believed_by_the_key_in_it_until_it_expires(recording):
    _, cases = recording
    token = json.loads(cases["fetch P-256"]["attest"]["response"]["body"])["token"]
    issued = parts(token)[1]["iat"]
    claims = Trust(any_key=True).verify(token, issued)
    recorded = cases["fetch P-256"]["attest"]["request"]["runtime-data"]["tee-pubkey"]
    assert Trust(any_key=True).tee_pubkey(claims) == recorded
    assert Trust(any_key=True).verify(token, issued + LIFETIME + 60)
    with pytest.raises(ValueError, match="expired"):
        Trust(any_key=True).verify(token, issued + LIFETIME + 61)
    with pytest.raises(ValueError, match="cannot be verified"):
        Trust(any_key=False).verify(token, issued)
