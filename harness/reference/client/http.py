"""HTTP as kbs-client speaks it: one session, to KBS alone."""

from __future__ import annotations

from typing import Any, Self

import requests

from ..protocol import PREFIX
from .errors import quoted

TIMEOUT = 60
"""Seconds to hear from KBS (guest-components `attestation-agent/kbs_protocol/src/builder.rs`)."""


class HttpFailed(Exception):
    """No answer came; the message is what the real client prints of it."""


class Http:
    """A session that keeps cookies.

    Attributes:
        url: Where KBS answers.
    """

    def __init__(self, url: str, certificate: str | None, user_agent: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy between client and KBS
        self._session.headers["User-Agent"] = user_agent
        self._session.verify = certificate or True

    def __enter__(self) -> Self:
        """Return the session; its connection ends with the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._session.close()

    def send(
        self, method: str, path: str, *, bearer: str | None = None, **more: Any
    ) -> requests.Response:
        """Send a request below the prefix and return its answer.

        Args:
            method: The HTTP method.
            path: What follows the prefix, with its slash.
            bearer: A bearer token.
            more: What `requests` takes besides.

        Raises:
            HttpFailed: no answer came.
        """
        url = f"{self.url}{PREFIX}{path}"
        headers = {**more.pop("headers", {})}
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        try:
            return self._session.request(method, url, headers=headers, timeout=TIMEOUT, **more)
        except (requests.RequestException, UnicodeError) as error:
            source = _innermost(error)
            raise HttpFailed(
                f"reqwest::Error {{ kind: Request, url: {quoted(url)}, source: {source} }}"
            ) from None


def _innermost(error: BaseException) -> str:
    """Name what went wrong first: the refusal of a connection, a name, a certificate."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return f"{type(error).__name__}({quoted(str(error))})"
