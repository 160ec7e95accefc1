"""Sessions: one for each handshake, found again by a cookie until it expires.

Source: confidential-containers/trustee `kbs/src/attestation/session.rs`.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from ..protocol import b64

TIMEOUT = 300.0
"""Seconds that a session lives by default (trustee `kbs/docs/config.md`: timeout, 5 minutes)."""

LIMIT = 2_000
"""How many sessions are kept; the oldest goes first. The real server knows no limit."""

NONCE_SIZE = 32
"""Bytes."""


@dataclass(slots=True)
class Session:
    """One handshake.

    Attributes:
        id: The cookie's value.
        tee: What kind of evidence was announced.
        nonce: The challenge, 32 bytes in base64.
        expires: When it ends, in seconds since the epoch.
        token: The attestation token, once there is one.
    """

    id: str
    tee: str
    nonce: str
    expires: float
    token: str | None = field(default=None, repr=False)


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(slots=True)
class Sessions:
    """All handshakes that have not expired.

    Attributes:
        timeout: Seconds that a session lives.
        clock: Seconds since the epoch.
        entropy: A source of nonces.
        new_id: A source of cookies.
    """

    timeout: float = TIMEOUT
    clock: Callable[[], float] = time.time
    entropy: Callable[[int], bytes] = secrets.token_bytes
    new_id: Callable[[], str] = _new_id
    _by_id: dict[str, Session] = field(default_factory=dict, repr=False)

    def open(self, tee: str) -> Session:
        """Begin a handshake."""
        self._drop_expired()
        expires = self.clock() + self.timeout
        session = Session(self.new_id(), tee, b64(self.entropy(NONCE_SIZE)), expires)
        self._by_id[session.id] = session
        return session

    def find(self, cookie: str | None) -> Session | None:
        """Return the handshake of a cookie, `None` where there is none or it has expired."""
        session = self._by_id.get(cookie or "")
        return session if session is not None and session.expires >= self.clock() else None

    def _drop_expired(self) -> None:
        """Sessions are in the order of their expiry: look at the oldest only."""
        now = self.clock()
        while self._by_id:
            oldest = next(iter(self._by_id.values()))
            if oldest.expires >= now and len(self._by_id) < LIMIT:
                return
            del self._by_id[oldest.id]
