"""What the operator asks of Kubernetes: a watch over two kinds, and a status."""

from __future__ import annotations

import base64
import logging
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernetes import client, config, watch

log = logging.getLogger("operator")

GROUP, VERSION, PLURAL = "confidentialcontainers.org", "v1alpha1", "kbsconfigs"
WATCH_SECONDS = 300
PAUSE = 1.0
"""Seconds before a watch that broke is opened again."""


@dataclass(slots=True)
class Cluster:
    """A cache of KbsConfigs and Secrets of one namespace, kept fresh by two watches.

    Attributes:
        kubeconfig: Where and who.
        namespace: The namespace that the operator serves.
        changed: Set whenever the cache changed.
    """

    kubeconfig: Path
    namespace: str
    changed: threading.Event = field(default_factory=threading.Event)
    _configs: dict[str, dict[str, Any]] | None = None
    _secrets: dict[str, dict[str, bytes]] | None = None
    _custom: Any = None
    _core: Any = None

    def start(self) -> None:
        """Connect and begin to watch, in threads that end with the process."""
        api = config.new_client_from_config(str(self.kubeconfig))
        self._custom, self._core = client.CustomObjectsApi(api), client.CoreV1Api(api)
        for follow in (self._follow_configs, self._follow_secrets):
            threading.Thread(target=self._forever, args=(follow,), daemon=True).start()

    @property
    def synced(self) -> bool:
        """Whether both kinds were listed once, so that absence means something."""
        return self._configs is not None and self._secrets is not None

    def kbs_config(self, name: str) -> dict[str, Any] | None:
        """Return the KbsConfig, `None` where there is none."""
        return (self._configs or {}).get(name)

    def secret(self, name: str) -> dict[str, bytes] | None:
        """Return a Secret's data, `None` where there is none."""
        return (self._secrets or {}).get(name)

    def set_ready(self, name: str, *, ready: bool) -> None:
        """Write the KbsConfig's status."""
        self._custom.patch_namespaced_custom_object_status(
            GROUP, VERSION, self.namespace, PLURAL, name, {"status": {"isReady": ready}}
        )

    def _follow_configs(self) -> None:
        listed = self._custom.list_namespaced_custom_object(GROUP, VERSION, self.namespace, PLURAL)
        configs = {one["metadata"]["name"]: one for one in listed["items"]}
        self._configs = configs
        self.changed.set()
        stream = watch.Watch(return_type="object").stream(
            self._custom.list_namespaced_custom_object,
            GROUP,
            VERSION,
            self.namespace,
            PLURAL,
            resource_version=listed["metadata"]["resourceVersion"],
            timeout_seconds=WATCH_SECONDS,
        )
        for event in stream:
            name = event["object"]["metadata"]["name"]
            if event["type"] == "DELETED":
                configs.pop(name, None)
            else:
                configs[name] = event["object"]
            self.changed.set()

    def _follow_secrets(self) -> None:
        listed = self._core.list_namespaced_secret(self.namespace)
        secrets = {one.metadata.name: _data(one.data) for one in listed.items}
        self._secrets = secrets
        self.changed.set()
        stream = watch.Watch().stream(
            self._core.list_namespaced_secret,
            self.namespace,
            resource_version=listed.metadata.resource_version,
            timeout_seconds=WATCH_SECONDS,
        )
        for event in stream:
            secret = event["object"]
            if event["type"] == "DELETED":
                secrets.pop(secret.metadata.name, None)
            else:
                secrets[secret.metadata.name] = _data(secret.data)
            self.changed.set()

    def _forever(self, follow: Any) -> None:
        while True:
            try:
                follow()
            except Exception as error:  # noqa: BLE001 - a watch that ends must be opened again
                log.warning("watch broke, opening it again: %s", type(error).__name__)
                threading.Event().wait(PAUSE)


def _data(encoded: dict[str, str] | None) -> dict[str, bytes]:
    return {key: base64.b64decode(text) for key, text in (encoded or {}).items()}
