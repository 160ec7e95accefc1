"""What the operator does about a KbsConfig, and what a kubelet would do about its volumes.

Source: confidential-containers/trustee-operator v0.17.0 `internal/controller/`: every listed
Secret is a volume of the KBS pod, mounted below `repository/default/`; a change of the list
changes the pod and so rolls it; a missing Secret blocks the reconcile and leaves what runs.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import tomli_w
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import HTTPError

from .cluster import Cluster
from .pod import Pod
from .volume import project

log = logging.getLogger("operator")

REPOSITORY = "default"
"""The only repository that the operator fills."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this operator behaves where a cluster would decide.

    Attributes:
        kbs_config: The KbsConfig it serves.
        folder: Its folder: the repository and the KBS configuration.
        socket: Where KBS listens, host:port.
        command: The KBS program; `--config-file FILE` is added.
        period: Seconds between two looks of the kubelet at the volumes.
        gap: Seconds without service when the pod is replaced.
    """

    kbs_config: str
    folder: Path
    socket: str
    command: tuple[str, ...]
    period: float
    gap: float

    @property
    def repository(self) -> Path:
        """The folder that KBS reads."""
        return self.folder / "repository"


@dataclass(slots=True)
class Operator:
    """Reconciles one KbsConfig."""

    cluster: Cluster
    pod: Pod
    settings: Settings
    clock: Callable[[], float] = time.monotonic
    _last_sync: float = 0.0
    _complained: str = ""

    def run(self, stopped: threading.Event) -> None:
        """Reconcile on every change, and sync volumes once a period, until stopped."""
        while not stopped.is_set():
            self.cluster.changed.wait(self.settings.period)
            self.cluster.changed.clear()
            if self.cluster.synced:
                self._work()

    def _work(self) -> None:
        try:
            self.reconcile()
            self.sync_volumes()
        except (ApiException, HTTPError) as error:
            log.warning("will be tried again: %s", type(error).__name__)

    def reconcile(self) -> None:
        """Bring the pod to what the KbsConfig lists."""
        kbs_config = self.cluster.kbs_config(self.settings.kbs_config)
        if kbs_config is None:
            self.pod.stop()
            return
        wanted = list(kbs_config["spec"].get("kbsSecretResources") or [])
        if self._blocked(wanted):
            return
        if self.pod.mounts() != wanted:
            self._roll(wanted)
        if not (kbs_config.get("status") or {}).get("isReady"):
            self.cluster.set_ready(self.settings.kbs_config, ready=True)

    def sync_volumes(self) -> None:
        """Let the mounted volumes show what their Secrets hold, once a period."""
        if self.clock() - self._last_sync < self.settings.period:
            return
        self._last_sync = self.clock()
        for name in self.pod.mounts() or []:
            self._mount(name)

    def _blocked(self, wanted: list[str]) -> bool:
        missing = [name for name in wanted if self.cluster.secret(name) is None]
        problem = f'Secret "{missing[0]}" not found' if missing else ""
        if not problem and len(set(wanted)) != len(wanted):
            problem = "volumes: Duplicate value"
        if problem and problem != self._complained:
            log.error("Error in creating/updating KBS deployment: %s", problem)
        self._complained = problem
        return bool(problem)

    def _roll(self, wanted: list[str]) -> None:
        """Replace the pod: the old one goes, its volumes with it, the new one comes."""
        rolling = self.pod.mounts() is not None
        log.info("the KBS pod is %s", "replaced" if rolling else "created")
        self.pod.stop()
        shutil.rmtree(self.settings.repository, ignore_errors=True)
        if rolling:
            threading.Event().wait(self.settings.gap)
        for name in wanted:
            self._mount(name)
        self.pod.start([*self.settings.command, "--config-file", str(self._configure())], wanted)

    def _mount(self, name: str) -> None:
        content = self.cluster.secret(name)
        if content is not None and project(self.settings.repository / REPOSITORY / name, content):
            log.info("volume %s shows a new content", name)

    def _configure(self) -> Path:
        """Write what KBS reads at its start, in the form of v0.17."""
        self.settings.repository.mkdir(parents=True, exist_ok=True)
        path = self.settings.folder / "kbs-config.toml"
        resource = {
            "name": "resource",
            "type": "LocalFs",
            "dir_path": str(self.settings.repository),
        }
        config = {
            "http_server": {"sockets": [self.settings.socket], "insecure_http": True},
            "admin": {"type": "DenyAll"},
            "attestation_token": {"insecure_key": True},
            "plugins": [resource],
        }
        path.write_text(tomli_w.dumps(config))
        return path
