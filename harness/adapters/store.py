"""The API that OpenBao and Vault share, as the harness uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import hvac
import requests
from hvac.exceptions import InvalidPath, VaultError

P = ParamSpec("P")
R = TypeVar("R")

TIMEOUT = 10
"""Seconds to hear from the store."""


class StoreError(Exception):
    """The store said no, or nothing at all.

    Attributes:
        code: The HTTP status, `None` where there was no answer.
    """

    def __init__(self, message: str, code: int | None) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Health:
    """What the store says of itself at `sys/health`."""

    initialized: bool
    sealed: bool
    standby: bool
    version: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What comes out of initialising a store once; both are secrets."""

    root_token: str = field(repr=False)
    unseal_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What a login gives: a token, which is a secret, and what it may do."""

    token: str = field(repr=False)
    policies: list[str]


@dataclass(frozen=True, slots=True)
class ReviewConfig:
    """How the store reviews ServiceAccount tokens.

    Attributes:
        host: The API server.
        ca: Its certificate authority, PEM.
        reviewer_token: The token to review others with; a secret.
    """

    host: str
    ca: str
    reviewer_token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """Who may log in by a role of the Kubernetes auth method, and what they may then do."""

    service_account: str
    namespace: str
    audience: str
    policy: str
    ttl: str = "20m"


def _telling(call: Callable[P, R]) -> Callable[P, R]:
    """Turn what hvac and requests raise into `StoreError`, without the request's content."""

    @wraps(call)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except VaultError as refusal:
            said = "; ".join(map(str, refusal.errors or [])) or type(refusal).__name__
            code = getattr(refusal, "status_code", None) or _CODES.get(type(refusal).__name__)
            raise StoreError(f"the store answered {code}: {said}", code) from None
        except requests.RequestException as error:
            raise StoreError(f"the store does not answer ({type(error).__name__})", None) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise StoreError("what answers does not answer as a store does", 200) from None

    return told


_CODES = {
    "InvalidRequest": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "InvalidPath": 404,
    "RateLimitExceeded": 429,
    "InternalServerError": 500,
    "VaultNotInitialized": 501,
    "BadGateway": 502,
    "VaultDown": 503,
}


class Store:
    """A store under one token.

    Every method raises `StoreError` where the store says no or does not answer.

    Args:
        url: Where it answers.
        token: Whom to speak as; a secret. Without one only health, init, unseal and login work.
    """

    def __init__(self, url: str, token: str | None = None) -> None:
        session = requests.Session()
        session.trust_env = False  # a proxy of the user's must not see what we put
        self.url = url
        self._client = hvac.Client(url=url, token=token or "", timeout=TIMEOUT, session=session)

    @_telling
    def health(self) -> Health:
        """Return what the store says of itself, sealed or not."""
        answer = self._client.sys.read_health_status(
            method="GET", sealed_code=200, uninit_code=200, standby_ok=True
        )
        body = answer if isinstance(answer, Mapping) else answer.json()
        return Health(body["initialized"], body["sealed"], body["standby"], body["version"])

    @_telling
    def initialize(self) -> Opened:
        """Initialise an empty store with one unseal key."""
        made = self._client.sys.initialize(secret_shares=1, secret_threshold=1)
        return Opened(made["root_token"], made["keys_base64"][0])

    @_telling
    def unseal(self, key: str) -> None:
        """Unseal the store."""
        self._client.sys.submit_unseal_key(key=key)

    @_telling
    def token_accepted(self) -> bool:
        """Tell whether the store takes our token."""
        return bool(self._client.auth.token.lookup_self())

    @_telling
    def enable_kv2(self, mount: str) -> None:
        """Mount a KV v2 engine, unless something is mounted there."""
        mounted = self._client.sys.list_mounted_secrets_engines()["data"]
        if f"{mount}/" not in mounted:
            self._client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})

    @_telling
    def enable_kubernetes_auth(self, mount: str) -> None:
        """Enable the Kubernetes auth method, unless something is enabled there."""
        enabled = self._client.sys.list_auth_methods()["data"]
        if f"{mount}/" not in enabled:
            self._client.sys.enable_auth_method("kubernetes", path=mount)

    @_telling
    def configure_kubernetes_auth(self, mount: str, review: ReviewConfig) -> None:
        """Say how ServiceAccount tokens are reviewed."""
        self._client.auth.kubernetes.configure(
            kubernetes_host=review.host,
            kubernetes_ca_cert=review.ca,
            token_reviewer_jwt=review.reviewer_token,
            mount_point=mount,
        )

    @_telling
    def write_policy(self, name: str, path: str, capabilities: Sequence[str]) -> None:
        """Write a policy of one path."""
        granted = ", ".join(f'"{capability}"' for capability in capabilities)
        rules = f'path "{path}" {{\n  capabilities = [{granted}]\n}}\n'
        self._client.sys.create_or_update_policy(name=name, policy=rules)

    @_telling
    def write_role(self, mount: str, role: str, binding: RoleBinding) -> None:
        """Bind a role of the Kubernetes auth method."""
        self._client.auth.kubernetes.create_role(
            name=role,
            bound_service_account_names=binding.service_account,
            bound_service_account_namespaces=binding.namespace,
            audience=binding.audience,
            policies=[binding.policy],
            ttl=binding.ttl,
            mount_point=mount,
        )

    @_telling
    def login(self, mount: str, role: str, jwt: str) -> LoggedIn:
        """Log in with a ServiceAccount's token; we go on under our own."""
        answer = self._client.auth.kubernetes.login(
            role=role, jwt=jwt, use_token=False, mount_point=mount
        )
        return LoggedIn(answer["auth"]["client_token"], list(answer["auth"]["policies"]))

    @_telling
    def put(self, mount: str, key: str, data: Mapping[str, str]) -> int:
        """Write a secret; return its new version."""
        done = self._client.secrets.kv.v2.create_or_update_secret(
            path=key, secret=dict(data), mount_point=mount
        )
        return int(done["data"]["version"])

    @_telling
    def read(self, mount: str, key: str) -> tuple[dict[str, Any], int] | None:
        """Return a secret's data and version, `None` where there is none."""
        try:
            found = self._client.secrets.kv.v2.read_secret_version(
                path=key, mount_point=mount, raise_on_deleted_version=True
            )
        except InvalidPath:
            return None
        return dict(found["data"]["data"]), int(found["data"]["metadata"]["version"])
