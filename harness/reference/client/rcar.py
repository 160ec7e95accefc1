"""The client's side of RCAR.

Source: confidential-containers/guest-components `attestation-agent/kbs_protocol/src/client/`
and exchanges recorded from kbs-client v0.17.0.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any

import requests
from joserfc.jwk import ECKey

from .. import jose, protocol

log = logging.getLogger("kbs_protocol::client::rcar_client")

ATTEMPTS = 3
"""How many times a resource is asked for, with a handshake after each refusal."""

TIMEOUT = 30
"""Seconds to hear from KBS."""


class ClientError(Exception):
    """The last line on stderr, without `Error: ` before it."""


@dataclass(slots=True)
class RcarClient:
    """One client with its key and its session.

    Attributes:
        url: Where KBS answers.
        certificate: A file with the certificate to trust, PEM.
        key: The key that resources are encrypted for.
    """

    url: str
    certificate: str | None = None
    key: ECKey = field(default_factory=jose.new_key)
    _http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        """Speak as the real client does, and to KBS alone: no proxy."""
        self._http.trust_env = False
        self._http.headers["User-Agent"] = "attestation-agent-kbs-client/0.1.0"
        self._http.verify = self.certificate or True

    def get_resource(self, path: str) -> bytes:
        """Return a resource.

        Raises:
            ClientError: KBS refused, does not answer, or sent something else.
        """
        for _ in range(ATTEMPTS):
            answer = self._send("GET", f"/resource/{path}")
            if answer.ok:
                return self._decrypt(answer.text)
            if answer.status_code == requests.codes.not_found:
                raise ClientError(f"KBS resource not found: {_told(answer)}")
            if answer.status_code != requests.codes.unauthorized:
                raise ClientError(f"KBS request failed: {_told(answer)}")
            log.warning(
                "Authenticating with KBS failed. Perform a new RCAR handshake: %s", _told(answer)
            )
            self.handshake()
        raise ClientError("request unauthorized")

    def handshake(self) -> None:
        """Attest with sample evidence; the session's cookie stands for the token afterwards.

        Raises:
            ClientError: KBS refused the handshake.
        """
        log.warning("No TEE was detected: the sample attester is used, which proves nothing")
        algorithms = {"supported-hash-algorithms": list(protocol.HASH_ALGORITHMS)}
        request = {"version": protocol.VERSION, "tee": "sample", "extra-params": algorithms}
        challenge = self._agree("auth", request)
        self._agree("attest", self._evidence(str(challenge["nonce"])))

    def _evidence(self, nonce: str) -> dict[str, Any]:
        pubkey = jose.tee_pubkey(self.key)
        primary = {"svn": "1", "report_data": protocol.report_data(nonce, pubkey)}
        return {
            "init-data": None,
            "runtime-data": {"nonce": nonce, "tee-pubkey": pubkey},
            "tee-evidence": {"primary_evidence": primary, "additional_evidence": ""},
        }

    def _agree(self, step: str, message: dict[str, Any]) -> dict[str, Any]:
        answer = self._send("POST", f"/{step}", message)
        if not answer.ok:
            raise ClientError(f"RCAR handshake failed: {step}: {_told(answer)}")
        try:
            body: dict[str, Any] = answer.json()
        except ValueError:
            raise ClientError(f"RCAR handshake failed: {step}: the answer is not JSON") from None
        return body

    def _send(self, method: str, path: str, message: dict[str, Any] | None = None) -> Any:
        url = f"{self.url.rstrip('/')}{protocol.PREFIX}{path}"
        try:
            return self._http.request(method, url, json=message, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise ClientError(f"http request failed: {type(error).__name__} ({url})") from None

    def _decrypt(self, body: str) -> bytes:
        try:
            return jose.decrypt(json.loads(body), self.key)
        except ValueError:
            raise ClientError("decrypt KBS response body failed") from None


def _told(answer: requests.Response) -> str:
    """Return the variant and the words of a refusal, or its status where it has none."""
    try:
        body = json.loads(answer.text)
        return f"{str(body['type']).rpartition('/')[2]}: {body['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {answer.status_code}"
