"""The client's side of RCAR.

Source: confidential-containers/guest-components `attestation-agent/kbs_protocol/src/client/`
and exchanges recorded from kbs-client v0.17.0 and v0.21.0.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from .. import jose, protocol
from .errors import ClientError, ErrorInformation, quoted
from .http import Http, HttpFailed

log = logging.getLogger("kbs_protocol::client::rcar_client")

ATTEMPTS = 3
"""How many times a resource is asked for, with a handshake after each refusal."""

TOKEN_ATTEMPTS = 5
"""How many times a handshake is tried that is made for its token."""

TOKEN_PAUSE = 1.0
"""Seconds between them."""

AUTH_REFUSED = "KBS request unauthorized, ErrorInformation"
ATTEST_REFUSED = "KBS attest unauthorized, Error Info"

USER_AGENT = "attestation-agent-kbs-client/0.1.0"


class HandshakeFailed(ClientError):
    """The handshake did not come to its end."""

    def __init__(self, why: str | HttpFailed) -> None:
        self.why = str(why) if isinstance(why, HttpFailed) else quoted(why)
        super().__init__(f"RCAR handshake failed: {self.why}")


class Credentials(Protocol):
    """How a client shows who it is."""

    def bearer(self) -> str | None:
        """Return the bearer token to send, `None` where the cookie stands for it."""

    def renew(self, refusal: ErrorInformation) -> None:
        """Get new ones after a refusal.

        Raises:
            ClientError: there are none.
        """


@dataclass(slots=True)
class Attester:
    """Credentials by attestation with sample evidence.

    Attributes:
        http: The session with KBS.
        key: The key that resources are encrypted for.
        init_data: Init data in plain text, to send along.
    """

    http: Http
    key: jose.TeeKey
    init_data: str | None = None

    def __post_init__(self) -> None:
        """Say what the evidence is worth."""
        logging.getLogger("attester").warning(
            "No TEE platform detected. Sample Attester will be used."
        )

    def bearer(self) -> None:
        """The session's cookie stands for the token."""
        return

    def renew(self, refusal: ErrorInformation) -> None:
        """Make a handshake."""
        log.warning(
            "Authenticating with KBS failed. Perform a new RCAR handshake: %s", refusal.lines()
        )
        self.handshake()

    def token(self) -> str:
        """Make a handshake for its token, more than once if need be.

        Raises:
            HandshakeFailed: none came to its end.
        """
        attempts = Retrying(
            retry=retry_if_exception_type(HandshakeFailed),
            stop=stop_after_attempt(TOKEN_ATTEMPTS),
            wait=wait_fixed(TOKEN_PAUSE),
            before_sleep=lambda state: log.warning(
                "RCAR handshake failed: %s, retry %d...", _why(state), state.attempt_number
            ),
            reraise=True,
        )
        try:
            return attempts(self.handshake)
        except HandshakeFailed as failure:
            last = f"RcarHandshake({quoted(failure.why)})"
            raise ClientError(
                f"RCAR handshake failed: Unable to get token. RCAR handshake retried "
                f"{TOKEN_ATTEMPTS} times. Final attempt failed with: {last}"
            ) from None

    def handshake(self) -> str:
        """Attest; return the token.

        Raises:
            HandshakeFailed: KBS refused or does not answer.
        """
        algorithms = {"supported-hash-algorithms": list(protocol.HASH_ALGORITHMS)}
        request = {"version": protocol.VERSION, "tee": "sample", "extra-params": algorithms}
        nonce = self._agree("auth", AUTH_REFUSED, request, "nonce")
        return self._agree("attest", ATTEST_REFUSED, self._evidence(nonce), "token")

    def _evidence(self, nonce: str) -> dict[str, Any]:
        pubkey = jose.tee_pubkey(self.key)
        bound = protocol.runtime_data(nonce, pubkey)
        primary = {"svn": "1", "report_data": protocol.report_data(bound)}
        init_data = {"format": "toml", "body": self.init_data}
        return {
            "init-data": init_data if self.init_data is not None else None,
            "runtime-data": {"nonce": nonce, "tee-pubkey": pubkey},
            "tee-evidence": {"primary_evidence": primary, "additional_evidence": ""},
        }

    def _agree(self, step: str, refused: str, message: dict[str, Any], member: str) -> str:
        try:
            answer = self.http.send("POST", f"/{step}", json=message)
        except HttpFailed as failure:
            raise HandshakeFailed(failure) from None
        if answer.status_code == requests.codes.unauthorized:
            said = ErrorInformation.read(answer)
            raise HandshakeFailed(f"{refused}: {said}")
        if answer.status_code != requests.codes.ok:
            told = quoted(answer.text)
            raise HandshakeFailed(f"KBS Server Internal Failed, Response: {told}")
        try:
            return str(answer.json()[member])
        except (ValueError, KeyError, TypeError):
            raise HandshakeFailed(f"no {member} in the answer") from None


@dataclass(frozen=True, slots=True)
class GivenToken:
    """Credentials by a token that was got before.

    Attributes:
        content: The token.
    """

    content: str = field(repr=False)

    def bearer(self) -> str:
        """Return the token."""
        return self.content

    def renew(self, refusal: ErrorInformation) -> None:
        """There is no other token: the same is sent again."""
        log.warning(
            "Authenticating with KBS failed. Get a new token from the token provider: %s",
            refusal.lines(),
        )


def get_resource(http: Http, credentials: Credentials, key: jose.TeeKey, path: str) -> bytes:
    """Return a resource.

    Args:
        http: The session with KBS.
        credentials: How the client shows who it is.
        key: The key that the resource is encrypted for.
        path: Repository, type and tag.

    Raises:
        ClientError: KBS refused, does not answer, or sent something else.
    """
    for _ in range(ATTEMPTS):
        try:
            answer = http.send("GET", f"/resource/{path}", bearer=credentials.bearer())
        except HttpFailed as failure:
            raise ClientError(f"http request failed: get failed: {failure}") from None
        if answer.status_code == requests.codes.ok:
            return _decrypt(answer.text, key)
        said = ErrorInformation.read(answer)
        if answer.status_code == requests.codes.not_found:
            raise ClientError(
                f"KBS resource not found: KBS resource Not Found (Error 404): {said.lines()}"
            )
        if answer.status_code != requests.codes.unauthorized:
            raise ClientError(
                f"KBS internal error: KBS Server Internal Failed, Response: {said.lines()}"
            )
        credentials.renew(said)
    raise ClientError("request unauthorized")


def _decrypt(text: str, key: jose.TeeKey) -> bytes:
    try:
        body = json.loads(text)
    except ValueError:
        raise ClientError("deserialize http response failed: not JSON") from None
    try:
        return jose.decrypt(body, key)
    except ValueError as error:
        raise ClientError(f"decrypt KBS response body failed: {error}") from None


def _why(state: Any) -> str:
    return str(state.outcome.exception())
