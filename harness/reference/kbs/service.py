"""What KBS does with a request below its prefix; the order of the checks is the real server's.

Source: confidential-containers/trustee `kbs/src/api_server.rs` (`api`), and the recordings.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import jose
from ..generation import Generation
from . import repository
from .attestation import AttestationService
from .errors import (
    Refusal,
    attest_failed,
    key_unusable,
    plugin_not_found,
    policy_denies,
    token_not_found,
    token_not_trusted,
)
from .metrics import Metrics
from .policy import PolicyError, ResourcePolicy
from .repository import Repository
from .session import Session, Sessions
from .token import Signer, Trust

ADMIN = frozenset(
    {
        ("POST", "attestation-policy"),
        ("GET", "reference-value"),
        ("POST", "reference-value"),
        ("GET", "resource-policy"),
        ("POST", "resource-policy"),
    }
)
"""Requests that only an admin may make, by method and first segment."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request below the prefix.

    Attributes:
        method: The HTTP method.
        path: What follows the prefix, decoded.
        query: The query of the URL.
        cookie: The session's cookie, if any was sent.
        bearer: The bearer token, if any was sent.
        body: The body.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    cookie: str | None = None
    bearer: str | None = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer.

    Attributes:
        members: The members of its body.
        session: The session whose cookie it sets.
    """

    members: Mapping[str, str] = field(repr=False)
    session: Session | None = None

    @property
    def body(self) -> bytes:
        """The body as it is sent."""
        return json.dumps(self.members, separators=(",", ":")).encode()


@dataclass(slots=True)
class Kbs:
    """One KBS.

    Attributes:
        generation: What it behaves like.
        repository: What it serves.
        policy: Whom it serves.
        attestation: What evidence is worth.
        trust: Which tokens it believes.
        signer: What signs its own tokens; new at every start.
        sessions: The handshakes.
        metrics: What it counts.
        clock: Seconds since the epoch.
    """

    generation: Generation
    repository: Repository
    policy: ResourcePolicy
    attestation: AttestationService
    trust: Trust
    signer: Signer = field(default_factory=Signer.ephemeral)
    sessions: Sessions = field(default_factory=Sessions)
    metrics: Metrics = field(default_factory=Metrics)
    clock: Callable[[], float] = time.time

    def answer(self, request: Request) -> Answer:
        """Answer a request.

        Raises:
            Refusal: it is refused.
        """
        plugin, _, path = request.path.partition("/")
        if (request.method, plugin) == ("POST", "auth"):
            return self._auth(request)
        if (request.method, plugin) == ("POST", "attest"):
            return self._attest(request)
        if (request.method, plugin) in ADMIN:
            raise self._no_admin()
        if plugin != "resource":
            raise plugin_not_found(plugin)
        if request.method != "GET":
            raise self._no_admin()
        return self._resource(request, path)

    def _auth(self, request: Request) -> Answer:
        """Open a handshake: a nonce and a cookie."""
        self.metrics.auth_requests.inc()
        try:
            tee = self.attestation.announced(request.body)
        except Refusal:
            self.metrics.auth_errors.inc()
            raise
        session = self.sessions.open(tee)
        self.metrics.auth_successes.inc()
        return Answer({"nonce": session.nonce, "extra-params": ""}, session)

    def _attest(self, request: Request) -> Answer:
        """Take evidence, give a token; an attested session gets the same token again."""
        self.metrics.attestation_requests.inc()
        session = self.sessions.find(request.cookie)
        if session is None:
            self.metrics.attestation_errors.inc()
            raise attest_failed("no session")
        evidence = self.attestation.read(request.body, session.nonce)
        if session.token is None:
            try:
                claims = self.attestation.claims(session, evidence, self.clock())
            except Refusal:
                self.metrics.attestation_failures.labels(session.tee).inc()
                raise
            session.token = self.signer.sign(claims)
            self.metrics.attestation_successes.labels(session.tee).inc()
        return Answer({"token": session.token}, session)

    def _resource(self, request: Request, path: str) -> Answer:
        """Serve a resource, encrypted for the client's attested key."""
        claims = self._claims(request)
        self._ask_policy(request, path, claims)
        repository.check_path(path)
        self.metrics.read(path)
        value = repository.read(self.repository, path)
        try:
            pubkey = jose.read_pubkey(self.trust.tee_pubkey(claims))
        except ValueError as error:
            raise token_not_trusted(str(error)) from None
        try:
            return Answer(jose.encrypt(value, pubkey))
        except ValueError as error:
            raise key_unusable(str(error)) from None

    def _claims(self, request: Request) -> dict[str, Any]:
        """Return the claims of the session's token or, where there is none, of the bearer's."""
        session = self.sessions.find(request.cookie)
        token = (session.token if session else None) or request.bearer
        if not token:
            raise token_not_found()
        try:
            return self.trust.verify(token, self.clock())
        except ValueError as error:
            raise token_not_trusted(str(error)) from None

    def _ask_policy(self, request: Request, path: str, claims: Mapping[str, Any]) -> None:
        """Let the policy decide before anything is read."""
        self.metrics.policy_evaluations.inc()
        try:
            allowed = self.policy.allows("resource", path, request.query, claims)
        except PolicyError as error:
            self.metrics.policy_errors.inc()
            raise self._policy_failed(error) from None
        if not allowed:
            self.metrics.policy_violations.inc()
            raise policy_denies()
        self.metrics.policy_approvals.inc()

    def _policy_failed(self, error: PolicyError) -> Refusal:
        detail = "Policy engine error"
        if self.generation.policy_error_tells:
            detail += f": {error}"
        return Refusal(self.generation.policy_error, detail, cause=str(error))

    def _no_admin(self) -> Refusal:
        return Refusal(*self.generation.admin_error)
