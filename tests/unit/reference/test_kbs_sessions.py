"""Whatever is sent in whatever order, a value goes to nobody but who has attested for it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, rule
from trustee_conformance.harness.reference import jose, protocol
from trustee_conformance.harness.reference.generation import V0_17
from trustee_conformance.harness.reference.kbs.attestation import AttestationService
from trustee_conformance.harness.reference.kbs.errors import Refusal
from trustee_conformance.harness.reference.kbs.policy import ResourcePolicy
from trustee_conformance.harness.reference.kbs.reference_values import ReferenceValues
from trustee_conformance.harness.reference.kbs.repository import Directories
from trustee_conformance.harness.reference.kbs.service import Kbs, Request
from trustee_conformance.harness.reference.kbs.session import LIMIT, Sessions
from trustee_conformance.harness.reference.kbs.token import Trust

PATH, VALUE = "default/one/key", b"value"
SESSION_TIMEOUT, TOKEN_LIFETIME, LEEWAY = 300, 300, 60


def evidence(nonce: str, key: jose.TeeKey, **changed: Any) -> bytes:
    pubkey = jose.tee_pubkey(key)
    report = protocol.report_data(protocol.runtime_data(nonce, pubkey))
    primary = {"svn": "1", "report_data": changed.pop("report_data", report)}
    message = {
        "init-data": None,
        "runtime-data": {"nonce": nonce, "tee-pubkey": pubkey, **changed},
        "tee-evidence": {"primary_evidence": primary, "additional_evidence": ""},
    }
    return json.dumps(message).encode()


class Handshake:
    """What a client knows of its handshake, and when it began."""

    def __init__(self, cookie: str, nonce: str, began: float) -> None:
        self.cookie, self.nonce, self.began = cookie, nonce, began
        self.key = jose.new_key()
        self.token: str | None = None


class Clients(RuleBasedStateMachine):
    """Clients that do what they should and what they should not."""

    handshakes = Bundle("handshakes")

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        root = Path(self.folder.name)
        (root / "default" / "one").mkdir(parents=True)
        (root / PATH).write_bytes(VALUE)
        (root / "policy.rego").write_text("package policy\ndefault allow = true\n")
        self.now = 1_000_000.0
        self.kbs = Kbs(
            generation=V0_17,
            repository=Directories(root),
            policy=ResourcePolicy(root / "policy.rego"),
            attestation=AttestationService(V0_17, ReferenceValues(None), TOKEN_LIFETIME),
            trust=Trust(any_key=True),
            sessions=Sessions(SESSION_TIMEOUT, clock=lambda: self.now),
            clock=lambda: self.now,
        )

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(seconds=st.sampled_from([1, 59, 100, 299, 301, 361]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(target=handshakes)
    def auth(self) -> Handshake:
        asked = {"version": "0.4.0", "tee": "sample", "extra-params": ""}
        answer = self.post("auth", json.dumps(asked).encode())
        assert answer.session is not None
        return Handshake(answer.session.id, answer.members["nonce"], self.now)

    @rule(one=handshakes)
    def attest(self, one: Handshake) -> None:
        if self.alive(one):
            self.attested(one, evidence(one.nonce, one.key))
        else:
            self.refused(one, evidence(one.nonce, one.key))

    @rule(one=handshakes, other=handshakes)
    def attest_with_anothers_nonce(self, one: Handshake, other: Handshake) -> None:
        if one.nonce == other.nonce:
            return
        self.attempt(one, evidence(other.nonce, one.key))

    @rule(one=handshakes)
    def attest_with_another_key_than_was_hashed(self, one: Handshake) -> None:
        other = jose.tee_pubkey(jose.new_key())
        self.attempt(one, evidence(one.nonce, one.key, **{"tee-pubkey": other}))

    @rule(one=handshakes, report=st.sampled_from(["", "AAAA", "!", "A" * 64]))
    def attest_with_other_report_data(self, one: Handshake, report: str) -> None:
        self.attempt(one, evidence(one.nonce, one.key, report_data=report))

    @rule(body=st.sampled_from([b"", b"{}", b"[]", b'{"runtime-data": 1}']), one=handshakes)
    def attest_with_nonsense(self, body: bytes, one: Handshake) -> None:
        self.refused(one, body)

    @rule(one=handshakes)
    def fetch_by_cookie(self, one: Handshake) -> None:
        request = Request("GET", f"resource/{PATH}", cookie=one.cookie)
        if one.token is None or not self.alive(one):
            self.refuses(request, "TokenNotFound")
        else:
            self.served(request, one)

    @rule(one=handshakes)
    def fetch_by_bearer(self, one: Handshake) -> None:
        request = Request("GET", f"resource/{PATH}", bearer=one.token)
        if one.token is None:
            self.refuses(request, "TokenNotFound")
        elif self.token_holds(one):
            self.served(request, one)
        else:
            self.refuses(request, "TokenVerifierError")

    @rule(one=handshakes, other=handshakes)
    def what_one_is_served_another_cannot_read(self, one: Handshake, other: Handshake) -> None:
        if one.token is None or not self.token_holds(one) or one.key is other.key:
            return
        answer = self.kbs.answer(Request("GET", f"resource/{PATH}", bearer=one.token))
        with pytest.raises(ValueError, match="no JWE for this key"):
            jose.decrypt(answer.members, other.key)

    @rule(one=consumes(handshakes), part=st.integers(0, 2))
    def fetch_by_a_token_that_was_changed(self, one: Handshake, part: int) -> None:
        if one.token is None:
            return
        parts = one.token.split(".")
        parts[part] = parts[part][:-2] + ("AA" if parts[part][-2:] != "AA" else "BB")
        request = Request("GET", f"resource/{PATH}", bearer=".".join(parts))
        self.refuses(request, "TokenVerifierError")

    def alive(self, one: Handshake) -> bool:
        return self.now <= one.began + SESSION_TIMEOUT

    def token_holds(self, one: Handshake) -> bool:
        assert one.token is not None
        claims = Trust(any_key=True).verify(one.token, 0)
        return self.now <= claims["exp"] + LEEWAY

    def attempt(self, one: Handshake, body: bytes) -> None:
        """Bad evidence is refused, but an attested session gets its old token for it."""
        if one.token is not None and self.alive(one):
            assert self.post("attest", body, one.cookie).members["token"] == one.token
        else:
            self.refused(one, body)

    def attested(self, one: Handshake, body: bytes) -> None:
        token = self.post("attest", body, one.cookie).members["token"]
        assert one.token in {None, token}
        one.token = token

    def refused(self, one: Handshake, body: bytes) -> None:
        self.refuses(Request("POST", "attest", cookie=one.cookie, body=body), "AttestationError")

    def served(self, request: Request, one: Handshake) -> None:
        assert jose.decrypt(self.kbs.answer(request).members, one.key) == VALUE

    def refuses(self, request: Request, variant: str) -> None:
        with pytest.raises(Refusal) as refused:
            self.kbs.answer(request)
        assert (refused.value.variant, refused.value.status) == (variant, 401)

    def post(self, step: str, body: bytes, cookie: str | None = None) -> Any:
        return self.kbs.answer(Request("POST", step, cookie=cookie, body=body))


Clients.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestClients = Clients.TestCase


def test_sessions_are_bounded():
    sessions = Sessions()
    first = sessions.open("sample")
    for _ in range(LIMIT):
        last = sessions.open("sample")
    assert sessions.find(first.id) is None
    assert sessions.find(last.id) is last


def test_no_secret_of_a_session_is_in_what_it_prints():
    session = Sessions().open("sample")
    session.token = "e30.secret.e30"
    assert "secret" not in repr(session)
