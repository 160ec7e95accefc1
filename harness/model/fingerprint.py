"""Salted fingerprints: enough to compare values within a run, useless for anything else."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fingerprinter:
    """Fingerprints the values of one run with a salt that is never written."""

    salt: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def of(self, value: bytes) -> str:
        """Return 16 hexadecimal digits of an HMAC-SHA-256 over the value."""
        return hmac.new(self.salt, value, hashlib.sha256).hexdigest()[:16]
