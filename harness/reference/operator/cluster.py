"""What the operator asks of Kubernetes: caches kept by watches, and writes."""

from __future__ import annotations

import base64
import json
import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes import client, config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError

log = logging.getLogger("operator")

WATCH_SECONDS = 300
PAUSE = 1.0
"""Seconds before a watch that broke is opened again."""
TIMEOUT = (3.0, 10.0)
"""Seconds to connect to and to hear from the API server."""
NOT_FOUND, CONFLICT = 404, 409

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object and where the API serves it."""

    api: str
    name: str
    plural: str

    @property
    def api_version(self) -> str:
        """Its apiVersion."""
        return self.api.partition("/")[2] if self.api.startswith("apis/") else "v1"


TRUSTEE = "apis/confidentialcontainers.org/v1alpha1"
KBS_CONFIG = Kind(TRUSTEE, "KbsConfig", "kbsconfigs")
TRUSTEE_CONFIG = Kind(TRUSTEE, "TrusteeConfig", "trusteeconfigs")
SECRET = Kind("api/v1", "Secret", "secrets")
CONFIG_MAP = Kind("api/v1", "ConfigMap", "configmaps")
SERVICE = Kind("api/v1", "Service", "services")
EVENT = Kind("api/v1", "Event", "events")
DEPLOYMENT = Kind("apis/apps/v1", "Deployment", "deployments")
WATCHED = (KBS_CONFIG, TRUSTEE_CONFIG, SECRET, CONFIG_MAP)


class Refused(Exception):
    """The API server said no; the text is its message.

    Attributes:
        status: The HTTP status.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def connect(kubeconfig: Path | None) -> DynamicClient:
    """Return a client: as the kubeconfig says, or as the pod that this runs in.

    Raises:
        kubernetes.config.ConfigException: there is neither.
    """
    if kubeconfig is not None:
        api = config.new_client_from_config(str(kubeconfig))
    else:
        settings = client.Configuration()
        config.load_incluster_config(client_configuration=settings)
        api = client.ApiClient(settings)
    return DynamicClient(api, discoverer=lambda *_: None)


@dataclass(slots=True)
class Cluster:
    """The objects of one namespace, kept fresh by a watch for each kind.

    Writes raise `Refused`, and urllib3's `HTTPError` where the API server does not answer.

    Attributes:
        client: Where and who.
        namespace: The namespace that the operator serves.
        kinds: What is watched.
        changed: Set whenever the cache changed.
    """

    client: DynamicClient
    namespace: str
    kinds: tuple[Kind, ...] = WATCHED
    changed: threading.Event = field(default_factory=threading.Event)
    _cache: dict[Kind, dict[str, Object]] = field(default_factory=dict)
    _seen: dict[Kind, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Begin to watch, in threads that end with the process."""
        for kind in self.kinds:
            threading.Thread(target=self._forever, args=(kind,), daemon=True).start()

    @property
    def synced(self) -> bool:
        """Whether every kind was listed once, so that absence means something."""
        return all(kind in self._cache for kind in self.kinds)

    def all(self, kind: Kind) -> list[Object]:
        """Return the objects of a kind, by name."""
        with self._lock:
            return [one for _, one in sorted(self._cache.get(kind, {}).items())]

    def get(self, kind: Kind, name: str) -> Object | None:
        """Return an object, `None` where there is none."""
        return self._cache.get(kind, {}).get(name)

    def create(self, kind: Kind, manifest: Object, *, dry_run: bool = False) -> None:
        """Create an object, or only ask whether it could be."""
        whole = {"apiVersion": kind.api_version, "kind": kind.name, **manifest}
        dry = "All" if dry_run else None
        made = self._request("post", self._path(kind), body=whole, dry_run=dry)
        if not dry_run:
            self._remember(kind, made)

    def update(self, kind: Kind, manifest: Object) -> None:
        """Replace an object; refused where it has changed since it was read."""
        whole = {"apiVersion": kind.api_version, "kind": kind.name, **manifest}
        path = self._path(kind, manifest["metadata"]["name"])
        self._remember(kind, self._request("put", path, body=whole))

    def set_status(self, kind: Kind, name: str, status: Object) -> None:
        """Change members of an object's status."""
        path = self._path(kind, name) + "/status"
        self._remember(kind, self._merge(path, {"status": status}))

    def set_finalizers(self, kind: Kind, name: str, finalizers: list[str]) -> None:
        """Set an object's finalizers."""
        self._merge(self._path(kind, name), {"metadata": {"finalizers": finalizers}})

    def delete(self, kind: Kind, name: str) -> None:
        """Delete an object; refused where there is none."""
        self._request("delete", self._path(kind, name))

    def _merge(self, path: str, body: Object) -> Object:
        content = "application/merge-patch+json"
        return self._request("patch", path, body=body, content_type=content)

    def _remember(self, kind: Kind, made: Object) -> None:
        """Show what was written before its watch event comes, so that nothing is written twice.

        Where the watch is further than that already, it knows better.
        """
        with self._lock:
            if kind in self._cache and _version(made) > self._seen.get(kind, 0):
                self._cache[kind][made["metadata"]["name"]] = made

    def _follow(self, kind: Kind) -> None:
        listed = self._request("get", self._path(kind))
        with self._lock:
            self._cache[kind] = {one["metadata"]["name"]: one for one in listed["items"]}
            self._seen[kind] = _version(listed)
        self.changed.set()
        stream = watch.Watch(return_type="object").stream(
            lambda **options: self._raw("get", self._path(kind), **options),
            resource_version=listed["metadata"]["resourceVersion"],
            timeout_seconds=WATCH_SECONDS,
            _request_timeout=(TIMEOUT[0], WATCH_SECONDS + TIMEOUT[1]),
        )
        for event in stream:
            self._take(kind, event["type"], event["object"])
            self.changed.set()

    def _take(self, kind: Kind, what: str, thing: Object) -> None:
        """Take a watch event; one that is older than what was written since changes nothing."""
        name = thing["metadata"]["name"]
        with self._lock:
            known = self._cache[kind]
            self._seen[kind] = _version(thing)
            if name in known and _version(known[name]) > _version(thing):
                return
            if what == "DELETED":
                known.pop(name, None)
            else:
                known[name] = thing

    def _forever(self, kind: Kind) -> None:
        while True:
            try:
                self._follow(kind)
            except Exception as error:  # noqa: BLE001 - a watch that ends must be opened again
                log.warning("watch of %s broke: %s", kind.plural, type(error).__name__)
                threading.Event().wait(PAUSE)

    def _path(self, kind: Kind, name: str | None = None) -> str:
        parts = ["", kind.api, "namespaces", self.namespace, kind.plural, *([name] if name else [])]
        return "/".join(parts)

    def _request(self, method: str, path: str, **options: Any) -> Object:
        try:
            answer = self._raw(method, path, _request_timeout=TIMEOUT, **options)
        except (ApiException, DynamicApiError) as error:
            raise Refused(int(error.status or 0), _message(error)) from None
        whole: Object = json.loads(answer.data)
        return whole

    def _raw(self, method: str, path: str, **options: Any) -> Any:
        return self.client.request(method, path, serialize=False, **options)


def _version(thing: Object) -> int:
    """Return an object's or a list's resource version; those of one kind are ordered."""
    return int(thing["metadata"]["resourceVersion"])


def secret_data(secret: Object) -> dict[str, bytes]:
    """Return the content of a Secret, by key."""
    return {key: base64.b64decode(text) for key, text in (secret.get("data") or {}).items()}


def config_map_data(config_map: Object) -> dict[str, bytes]:
    """Return the content of a ConfigMap, by key."""
    texts = {key: text.encode() for key, text in (config_map.get("data") or {}).items()}
    binary = config_map.get("binaryData") or {}
    return texts | {key: base64.b64decode(text) for key, text in binary.items()}


def _message(error: ApiException | DynamicApiError) -> str:
    try:
        return str(json.loads(error.body or "")["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)
