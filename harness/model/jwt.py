"""Reads a JWT's payload; checks nothing."""

from __future__ import annotations

import base64
import json
from typing import Any


def payload(token: str) -> dict[str, Any]:
    """Return the claims of a JWT.

    The payload is base64url without padding (RFC 7515 section 2), which plain base64 tools
    misread as soon as it holds `-` or `_` or its length is no multiple of four.

    Raises:
        ValueError: it is no JWT.
    """
    parts = token.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        raise ValueError("a JWT has three parts")
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    claims = json.loads(base64.urlsafe_b64decode(padded))
    if not isinstance(claims, dict):
        raise ValueError("a JWT's payload is an object")  # noqa: TRY004 - bad data, not a bad type
    return claims


def audiences(token: str) -> list[str]:
    """Return the audiences of a JWT; a single one may stand without a list (RFC 7519, 4.1.3).

    Raises:
        ValueError: it is no JWT or names no audience.
    """
    said = payload(token).get("aud")
    named = [said] if isinstance(said, str) else said
    if not isinstance(named, list) or not named:
        raise ValueError("the token names no audience")
    return [str(one) for one in named]
