"""The HTTP side of the KBS double."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate

from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .. import jose
from ..protocol import COOKIE, PREFIX
from . import attestation
from .errors import (
    Refusal,
    handshake_failed,
    plugin_not_found,
    resource_missing,
    token_not_found,
    token_not_trusted,
)
from .repository import Repository
from .session import Session, Sessions

log = logging.getLogger("kbs")

MAX_BODY = 1 << 20
"""Bytes of a request body that are read at most."""


@dataclass(slots=True)
class Kbs:
    """One KBS: its repository, sessions and token key.

    Attributes:
        repository: What it serves.
        sessions: The handshakes.
        key: The key that signs tokens; new at every start, as the built-in service makes it.
        clock: Seconds since the epoch.
    """

    repository: Repository
    sessions: Sessions = field(default_factory=Sessions)
    key: ECKey = field(default_factory=jose.new_key)
    clock: Callable[[], float] = time.time

    async def auth(self, request: Request) -> Response:
        """Open a handshake: a nonce and a cookie."""
        attestation.check_request(await _body(request))
        session = self.sessions.open()
        return _json({"nonce": session.nonce, "extra-params": ""}, session)

    async def attest(self, request: Request) -> Response:
        """Take evidence, give a token; an attested session gets the same token again."""
        session = self.sessions.find(request.cookies.get(COOKIE))
        if session is None:
            raise handshake_failed("Attest failed")
        body = await _body(request)
        if session.token is None:
            session.token = attestation.attest(session, body, self.key, self.clock())
        return _json({"token": session.token}, session)

    async def plugin(self, request: Request) -> Response:
        """Serve a resource, encrypted for the client's attested key."""
        pubkey = attestation.tee_pubkey(self._claims(request))
        plugin, _, path = request.path_params["path"].partition("/")
        if plugin != "resource":
            raise plugin_not_found(plugin)
        if request.method != "GET":
            raise Refusal("AdminAuth", "Admin auth error: Admin endpoints disabled.")
        try:
            return _json(jose.encrypt(self.repository.read(path), pubkey))
        except ValueError:
            raise resource_missing() from None

    def _claims(self, request: Request) -> dict[str, object]:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not bearer:
            session = self.sessions.find(request.cookies.get(COOKIE))
            bearer = (session.token if session else None) or ""
        if not bearer:
            raise token_not_found()
        try:
            return jose.verify(bearer, self.key, self.clock())
        except ValueError:
            raise token_not_trusted() from None


def application(kbs: Kbs) -> Starlette:
    """Return the web application of a KBS."""
    routes = [
        Route(f"{PREFIX}/auth", kbs.auth, methods=["POST"]),
        Route(f"{PREFIX}/attest", kbs.attest, methods=["POST"]),
        Route(f"{PREFIX}/{{path:path}}", kbs.plugin, methods=["GET", "POST", "DELETE"]),
    ]
    handlers = {Refusal: _refuse, 404: _nothing, 405: _nothing}
    return Starlette(routes=routes, exception_handlers=handlers)


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise handshake_failed("Attest failed")
        parts.append(part)
    return b"".join(parts)


def _json(members: dict[str, str], session: Session | None = None) -> Response:
    response = Response(json.dumps(members, separators=(",", ":")), media_type="application/json")
    if session is not None:
        expires = formatdate(session.expires, usegmt=True)
        response.headers["set-cookie"] = f"{COOKIE}={session.id}; Expires={expires}"
    return response


async def _refuse(request: Request, error: Exception) -> Response:
    """Answer as the real one does: no content type."""
    if not isinstance(error, Refusal):
        raise error
    log.warning("%s %s: %s", request.method, request.url.path, error.variant)
    return Response(json.dumps(error.body(), separators=(",", ":")), status_code=error.status)


async def _nothing(_request: Request, _error: Exception) -> Response:
    return Response(status_code=404)
