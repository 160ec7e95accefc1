"""KBS over HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate

from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..protocol import COOKIE, PREFIX
from .errors import Refusal
from .service import Answer, Kbs, Request

log = logging.getLogger("kbs")

BEARER = "Bearer "

TOO_LARGE = "payload reached size limit."


class PayloadTooLarge(Exception):
    """A body is larger than the configuration allows."""


@dataclass(frozen=True, slots=True)
class Application:
    """The web application of a KBS.

    Attributes:
        kbs: What answers below the prefix.
        payload_limit: Bytes of a request's body that are read at most.
    """

    kbs: Kbs
    payload_limit: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; there is nobody to answer where the client has gone."""
        with suppress(ClientDisconnect):
            response = await self._respond(HttpRequest(scope, receive), scope["path"])
            await response(scope, receive, send)

    async def _respond(self, request: HttpRequest, path: str) -> Response:
        if path.startswith(f"{PREFIX}/"):
            return await self._below_prefix(request, path.removeprefix(f"{PREFIX}/"))
        if path == "/metrics":
            return _only(("GET",), request, self._metrics)
        if path == "/healthz" and self.kbs.generation.healthz:
            return _only(("GET",), request, Response)
        return Response(status_code=404)

    async def _below_prefix(self, request: HttpRequest, path: str) -> Response:
        if request.method not in self.kbs.generation.methods:
            return _not_allowed(self.kbs.generation.methods)
        with self.kbs.metrics.in_work() as count:
            try:
                body = await _body(request, self.payload_limit)
            except PayloadTooLarge:
                return Response(TOO_LARGE, 413, media_type="text/plain", headers=CLOSE)
            response = self._answer(_read(request, path, body))
            count(len(body), len(response.body))
            return response

    def _answer(self, request: Request) -> Response:
        try:
            return _respond(self.kbs.answer(request))
        except Refusal as refusal:
            asked = json.dumps(f"{request.method} {PREFIX}/{request.path}")
            log.warning("%s: %s %s", asked, refusal.variant, refusal.cause)
            body = json.dumps(refusal.body(), separators=(",", ":"), ensure_ascii=False)
            return Response(body.encode(errors="replace"), status_code=refusal.status)

    def _metrics(self) -> Response:
        return Response(self.kbs.metrics.text(), media_type="text/plain")


CLOSE = {"connection": "close"}
"""The rest of a body that was refused is not waited for."""


async def _body(request: HttpRequest, limit: int) -> bytes:
    """Read a body, no further than its limit.

    Raises:
        PayloadTooLarge: it is longer, or says that it is.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > limit:
        raise PayloadTooLarge
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise PayloadTooLarge
        parts.append(part)
    return b"".join(parts)


def _read(request: HttpRequest, path: str, body: bytes) -> Request:
    authorization = request.headers.get("authorization", "")
    given = authorization.startswith(BEARER)
    return Request(
        method=request.method,
        path=path,
        query=dict(request.query_params),
        cookie=request.cookies.get(COOKIE),
        bearer=authorization.removeprefix(BEARER).strip() if given else None,
        body=body,
    )


def _respond(answer: Answer) -> Response:
    response = Response(answer.body, media_type="application/json")
    if answer.session is not None:
        expires = formatdate(answer.session.expires, usegmt=True)
        response.headers["set-cookie"] = f"{COOKIE}={answer.session.id}; Expires={expires}"
    return response


def _only(
    methods: Iterable[str], request: HttpRequest, respond: Callable[[], Response]
) -> Response:
    if request.method not in methods:
        return _not_allowed(methods)
    return respond()


def _not_allowed(methods: Iterable[str]) -> Response:
    return Response(status_code=405, headers={"allow": ", ".join(methods)})
