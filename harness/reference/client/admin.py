"""The administrator's commands of kbs-client: what they send.

Source: confidential-containers/trustee `tools/kbs-client/src/lib.rs`. Deployments made by the
operator refuse all of them, because their admin type is DenyAll.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from .errors import ClientError, quoted
from .http import Http, HttpFailed

TOKEN_LIFETIME = 2 * 3600
"""Seconds."""

USER_AGENT = "kbs-client/0.1.0"


def signed_token(private_key: bytes, now: float | None = None) -> str:
    """Return an administrator's token, signed with an Ed25519 key: what clients send up to v0.20.

    Raises:
        ClientError: it is no such key.
    """
    issued = int(time.time() if now is None else now)
    claims = {"iat": issued, "exp": issued + TOKEN_LIFETIME, "nbf": issued}
    try:
        key = OKPKey.import_key(private_key)
        return jwt.encode({"alg": "Ed25519"}, claims, key, algorithms=["Ed25519"])
    except (JoseError, ValueError, TypeError):
        raise ClientError("invalid private key: an Ed25519 key in PEM is expected") from None


@dataclass(frozen=True, slots=True)
class Admin:
    """An administrator of KBS.

    Attributes:
        http: The session with KBS.
        token: What shows that it is one.
    """

    http: Http
    token: str = field(repr=False)

    def set_attestation_policy(self, policy: bytes, kind: str | None, name: str | None) -> None:
        """Set what evidence is measured by."""
        message = {
            "type": kind or "rego",
            "policy_id": name or "default",
            "policy": _b64url(policy),
        }
        self._send("POST", "/attestation-policy", json=message)

    def set_resource_policy(self, policy: bytes) -> None:
        """Set who is served."""
        self._send("POST", "/resource-policy", json={"policy": _b64url(policy)})

    def set_resource(self, path: str, value: bytes) -> None:
        """Put a resource into KBS."""
        octets = {"Content-Type": "application/octet-stream"}
        self._send("POST", f"/resource/{path}", data=value, headers=octets)

    def delete_resource(self, path: str) -> None:
        """Take a resource out of KBS (from v0.20)."""
        self._send("DELETE", f"/resource/{path}")

    def reference_values(self, name: str | None) -> str:
        """Return reference values: one of v0.21 by its name, all of v0.17."""
        path = f"/reference-value/{name}" if name is not None else "/reference-value"
        return self._send("GET", path).text

    def set_sample_reference_value(self, name: str, value: Any) -> None:
        """Set a reference value through the sample extractor."""
        payload = base64.b64encode(json.dumps({name: value}).encode()).decode()
        message = {"version": "0.1.0", "type": "sample", "payload": payload}
        self._send("POST", "/reference-value", json=message)

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            answer = self.http.send(method, path, bearer=self.token, **more)
        except HttpFailed as failure:
            raise ClientError(str(failure)) from None
        if answer.status_code != requests.codes.ok:
            raise ClientError(f"Request Failed, Response: {quoted(answer.text)}")
        return answer


def read_file(path: Path) -> bytes:
    """Return a file's content.

    Raises:
        ClientError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ClientError(f"{error.strerror} (os error {error.errno})") from None


def _b64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
