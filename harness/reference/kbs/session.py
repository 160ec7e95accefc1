"""Sessions: one for each handshake, found again by a cookie until it expires."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from ..protocol import b64

TIMEOUT = 300
"""Seconds that a session lives (trustee `kbs/docs/config.md`: timeout, 5 minutes)."""

LIMIT = 10_000
"""How many sessions are kept; the oldest goes first."""


@dataclass(slots=True)
class Session:
    """One handshake.

    Attributes:
        id: The cookie's value.
        nonce: The challenge, 32 bytes in base64.
        expires: When it ends, in seconds since the epoch.
        token: The attestation token, once there is one.
    """

    id: str
    nonce: str
    expires: float
    token: str | None = None


@dataclass(slots=True)
class Sessions:
    """All handshakes that have not expired.

    Attributes:
        clock: Seconds since the epoch.
        entropy: A source of nonces.
    """

    clock: Callable[[], float] = time.time
    entropy: Callable[[int], bytes] = secrets.token_bytes
    _by_id: dict[str, Session] = field(default_factory=dict)

    def open(self) -> Session:
        """Begin a handshake."""
        self._drop_expired()
        session = Session(uuid.uuid4().hex, b64(self.entropy(32)), self.clock() + TIMEOUT)
        self._by_id[session.id] = session
        return session

    def find(self, cookie: str | None) -> Session | None:
        """Return the handshake of a cookie, `None` where there is none or it has expired."""
        session = self._by_id.get(cookie or "")
        return session if session is not None and session.expires > self.clock() else None

    def _drop_expired(self) -> None:
        """Sessions are in the order of their expiry: look at the oldest only."""
        now = self.clock()
        while self._by_id:
            oldest = next(iter(self._by_id.values()))
            if oldest.expires > now and len(self._by_id) < LIMIT:
                return
            del self._by_id[oldest.id]
