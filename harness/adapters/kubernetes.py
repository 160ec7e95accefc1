"""The Kubernetes API as the harness uses it: plain objects, one error for each cause."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import urllib3.exceptions
from kubernetes import config, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError

from ..errors import EnvironmentFailed

FIELD_MANAGER = "trustee-conformance"
TIMEOUT = (3.0, 10.0)
"""Seconds to connect to and to hear from the API server."""

WATCH_AGAIN = (410, 429, 500, 503, 504)
"""Statuses after which a watch is opened again: the server broke it off, it forbade nothing."""

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object and where the API serves it."""

    api_version: str
    name: str
    plural: str
    namespaced: bool = True

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Return the path of a collection or of one object."""
        root = "/api" if "/" not in self.api_version else "/apis"
        parts = [root, self.api_version]
        if self.namespaced and namespace is not None:
            parts += ["namespaces", namespace]
        return "/".join([*parts, self.plural, *([name] if name else [])])


NAMESPACE = Kind("v1", "Namespace", "namespaces", namespaced=False)
SECRET = Kind("v1", "Secret", "secrets")
SERVICE_ACCOUNT = Kind("v1", "ServiceAccount", "serviceaccounts")
EVENT = Kind("v1", "Event", "events")
CLUSTER_ROLE = Kind("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDING = Kind(
    "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", namespaced=False
)
ROLE = Kind("rbac.authorization.k8s.io/v1", "Role", "roles")
ROLE_BINDING = Kind("rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings")
CRD = Kind(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
)
KBS_CONFIG = Kind("confidentialcontainers.org/v1alpha1", "KbsConfig", "kbsconfigs")
TRUSTEE_CONFIG = Kind("confidentialcontainers.org/v1alpha1", "TrusteeConfig", "trusteeconfigs")
EXTERNAL_SECRETS_GROUP = "external-secrets.io"

_BUILT_IN = {
    (kind.api_version, kind.name): kind
    for kind in (
        NAMESPACE,
        SECRET,
        SERVICE_ACCOUNT,
        CLUSTER_ROLE,
        CLUSTER_ROLE_BINDING,
        ROLE,
        ROLE_BINDING,
        CRD,
        KBS_CONFIG,
        TRUSTEE_CONFIG,
    )
}


class Refused(Exception):
    """The API server said no.

    Attributes:
        status: The HTTP status.
        reason: The message of the Status object it answered with.
    """

    def __init__(self, status: int, reason: str, did: str) -> None:
        super().__init__(f"{did}: the API server answered {status}: {reason}")
        self.status, self.reason = status, reason


class Kubernetes:
    """One cluster as one user sees it.

    Every method raises `Refused` where the API server says no and `EnvironmentFailed` where it
    does not answer.

    Args:
        kubeconfig: The file that says where and who.
        context: The context in it; its current one by default.
    """

    def __init__(self, kubeconfig: Path, context: str | None = None) -> None:
        client = config.new_client_from_config(str(kubeconfig), context)
        client.configuration.retries = False
        self.host = str(client.configuration.host)
        self._dynamic = DynamicClient(client, discoverer=lambda *_: None)

    def apply(self, manifest: Mapping[str, Any], kind: Kind | None = None) -> Object:
        """Create or change an object by server-side apply."""
        of = kind or _BUILT_IN[manifest["apiVersion"], manifest["kind"]]
        meta = manifest["metadata"]
        path = of.path(meta.get("namespace"), meta["name"])
        return self._request(
            "patch",
            path,
            body=dict(manifest),
            content_type="application/apply-patch+yaml",
            field_manager=FIELD_MANAGER,
            force_conflicts=True,
        )

    def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object | None:
        """Return an object, `None` where there is none."""
        try:
            return self._request("get", kind.path(namespace, name))
        except Refused as refusal:
            if refusal.status == 404:  # noqa: PLR2004 - the HTTP status for an absent object
                return None
            raise

    def list_all(
        self, kind: Kind, namespace: str | None = None, fields: str | None = None
    ) -> list[Object]:
        """Return all objects of a kind, those that a field selector matches where one is given."""
        found = self._request("get", kind.path(namespace), field_selector=fields)
        return list(found["items"])

    def delete(self, kind: Kind, name: str, namespace: str | None = None) -> None:
        """Delete an object, if it is there."""
        try:
            self._request("delete", kind.path(namespace, name))
        except Refused as refusal:
            if refusal.status != 404:  # noqa: PLR2004 - the HTTP status for an absent object
                raise

    def json_patch(
        self, kind: Kind, name: str, operations: Sequence[Mapping[str, Any]], namespace: str
    ) -> Object:
        """Change an object by a JSON patch (RFC 6902), sent as it is."""
        return self._request(
            "patch",
            kind.path(namespace, name),
            body=list(operations),
            content_type="application/json-patch+json",
        )

    def annotate(self, kind: Kind, name: str, namespace: str, **annotations: str) -> Object:
        """Set annotations; underscores in their names stand for dashes."""
        named = {key.replace("_", "-"): text for key, text in annotations.items()}
        return self._request(
            "patch",
            kind.path(namespace, name),
            body={"metadata": {"annotations": named}},
            content_type="application/merge-patch+json",
        )

    def changes(self, kind: Kind, name: str, namespace: str | None) -> Iterator[Object | None]:
        """Yield the object now, on every change and once a second; `None` where it is absent."""
        current = self.get(kind, name, namespace)
        yield current
        while True:
            try:
                for event in self._watch_for_a_second(kind, name, namespace):
                    current = None if event["type"] == "DELETED" else event["object"]
                    yield current
            except Refused as refusal:
                if refusal.status not in WATCH_AGAIN:
                    raise
                current = self.get(kind, name, namespace)
            yield current

    def token(
        self, service_account: str, namespace: str, *, seconds: int, audiences: Sequence[str] = ()
    ) -> str:
        """Return a new token of a ServiceAccount, of the default audience if none is given."""
        path = SERVICE_ACCOUNT.path(namespace, service_account) + "/token"
        spec = {"expirationSeconds": seconds, "audiences": list(audiences)}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        return str(self._request("post", path, body=body)["status"]["token"])

    def served_versions(self, group: str) -> list[str]:
        """Return the versions of a group that are served, best first; none for no such group."""
        try:
            found = self._request("get", f"/apis/{group}")
        except Refused as refusal:
            if refusal.status == 404:  # noqa: PLR2004 - the HTTP status for an absent group
                return []
            raise
        return [version["version"] for version in found["versions"]]

    def server_version(self) -> str:
        """Return the version that the API server says it has."""
        return str(self._request("get", "/version")["gitVersion"])

    def ready(self) -> bool:
        """Tell whether the API server says that it is ready."""
        try:
            self._dynamic.request("get", "/readyz", serialize=False, _request_timeout=TIMEOUT)
        except (DynamicApiError, ApiException, urllib3.exceptions.HTTPError):
            return False
        return True

    def warnings(
        self, kind: str, name: str, namespace: str, since: datetime
    ) -> list[dict[str, str]]:
        """Return reason and message of the warning events of an object since a moment."""
        chosen = f"involvedObject.kind={kind},involvedObject.name={name},type=Warning"
        events = self.list_all(EVENT, namespace, fields=chosen)
        return [
            {"reason": event["reason"], "message": event["message"]}
            for event in events
            if _last_seen(event) >= since.replace(microsecond=0)
        ]

    def events(self, namespace: str, since: datetime) -> list[Object]:
        """Return the events of a namespace since a moment."""
        events = self.list_all(EVENT, namespace)
        return [event for event in events if _last_seen(event) >= since.replace(microsecond=0)]

    def _watch_for_a_second(
        self, kind: Kind, name: str, namespace: str | None
    ) -> Iterator[dict[str, Any]]:
        def collection(**options: Any) -> Any:
            return self._dynamic.request(
                "get", kind.path(namespace), serialize=False, _request_timeout=TIMEOUT, **options
            )

        stream = watch.Watch(return_type="object").stream(
            collection,
            field_selector=f"metadata.name={name}",
            resource_version="0",  # any state: to ask for the newest may time out on a slow cache
            timeout_seconds=1,
        )
        try:
            yield from stream
        except (DynamicApiError, ApiException) as refusal:
            raise _refused(refusal, f"watch {kind.name} {name}") from None
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from None

    def _request(self, method: str, path: str, **options: Any) -> Object:
        try:
            response = self._dynamic.request(
                method, path, serialize=False, _request_timeout=TIMEOUT, **options
            )
        except (DynamicApiError, ApiException) as refusal:
            raise _refused(refusal, f"{method.upper()} {path}") from None
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from None
        answer: Object = json.loads(response.data)
        return answer

    def _unreachable(self, error: Exception) -> EnvironmentFailed:
        return EnvironmentFailed(
            f"the API server at {self.host} does not answer ({type(error).__name__})",
            hint="see whether it runs and what its log says",
        )


def decoded(secret: Object, key: str) -> bytes | None:
    """Return the bytes of a Secret's key, `None` where it has no such key."""
    text = (secret.get("data") or {}).get(key)
    return None if text is None else base64.b64decode(text)


def condition(thing: Object | None, kind: str = "Ready") -> dict[str, str]:
    """Return status, reason and message of an object's condition; empty where there is none."""
    conditions = ((thing or {}).get("status") or {}).get("conditions") or []
    for one in conditions:
        if one["type"] == kind:
            return {name: str(one.get(name, "")) for name in ("status", "reason", "message")}
    return {}


def _refused(refusal: DynamicApiError | ApiException, did: str) -> Refused:
    try:
        reason = str(json.loads(refusal.body or "")["message"])
    except (ValueError, KeyError, TypeError):
        reason = str(refusal.reason)
    return Refused(int(refusal.status or 0), reason, did)


def _last_seen(event: Object) -> datetime:
    stamp = event.get("lastTimestamp") or event.get("eventTime")
    text = stamp or event["metadata"]["creationTimestamp"]
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
