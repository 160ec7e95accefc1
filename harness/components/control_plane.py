"""Kubernetes as processes: etcd, kube-apiserver and kube-controller-manager on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests

from ..adapters import kubeconfig
from ..adapters.certificates import Authority, Pair
from ..adapters.kubernetes import Kubernetes
from ..adapters.process import OwnedProcess, Ports
from ..artifacts.provide import Binary
from ..errors import EnvironmentFailed
from ..model.canary import Canaries
from ..model.component import ComponentInfo, Part
from ..model.words import Component
from ..wait import Deadline, DeadlinePassed, wait_until
from .inspect import checked_digest, module_version
from .starting import port_hint

CONTROLLERS = (
    "serviceaccount-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "root-ca-certificate-publisher-controller",
    "clusterrole-aggregation-controller",
)
"""What the walkthrough needs: default ServiceAccounts, owner references, namespaces."""

PROGRESS = {
    "ETCD_EXPERIMENTAL_WATCH_PROGRESS_NOTIFY_INTERVAL": "1s",
    "ETCD_WATCH_PROGRESS_NOTIFY_INTERVAL": "1s",
}
"""How often etcd tells watchers how far it is, under its names before and since 3.6.

Without it the API server's caches learn of their own freshness only with the next event, and
requests that ask for the newest state time out (kubeadm sets 5 s for the same reason).
"""

KUBERNETES_MODULE = "k8s.io/kubernetes"

ISSUER = "https://kubernetes.default.svc"
SERVICE_RANGE = "10.0.0.0/24"
API_SERVICE = "10.0.0.1"


@dataclass(slots=True)
class ControlPlane:
    """A real control plane without nodes.

    Attributes:
        etcd: The program.
        apiserver: The program.
        controller_manager: The program.
        folder: Its state: certificates, data and logs; private.
        canaries: Where its private keys are made known.
    """

    etcd: Binary
    apiserver: Binary
    controller_manager: Binary
    folder: Path
    canaries: Canaries
    _ports: Ports = field(default_factory=Ports)
    _processes: dict[str, OwnedProcess] = field(default_factory=dict)
    _authority: Authority | None = None
    _server: str = ""
    _etcd_url: str = ""
    _admin: Kubernetes | None = None

    def start(self) -> None:
        """Start etcd and the API server without waiting for them.

        Raises:
            EnvironmentFailed: a program could not be started.
        """
        certificates = self.folder / "certificates"
        certificates.mkdir(mode=0o700)
        self._authority = Authority(certificates, self.canaries)
        client_port, peer_port, api_port = self._ports.take(3)
        self._server = f"https://127.0.0.1:{api_port}"
        self._etcd_url = f"https://127.0.0.1:{client_port}"
        self._run("etcd", self.etcd, self._etcd_flags(client_port, peer_port), PROGRESS)
        self._run("kube-apiserver", self.apiserver, self._apiserver_flags(api_port))

    def await_ready(self, deadline: Deadline) -> None:
        """Wait until the API server is ready, then start the controller manager.

        Raises:
            EnvironmentFailed: it does not become ready, or a program ended.
        """
        admin = self.authority.client("admin", ["system:masters"])
        self._admin = Kubernetes(self.kubeconfig("admin", admin))
        try:
            wait_until(
                self._admin.ready,
                bool,
                expected="the API server to be ready",
                deadline=deadline,
                fatal=lambda _: self.failure(),
                describe=lambda ready: "ready" if ready else "not ready",
            )
        except DeadlinePassed as passed:
            raise self._failed("kube-apiserver", str(passed)) from None
        manager = self.authority.client("system:kube-controller-manager")
        config = self.kubeconfig("controller-manager", manager)
        self._run("kube-controller-manager", self.controller_manager, self._manager_flags(config))

    def kill(self) -> None:
        """End all three at once; their state is not needed again."""
        for name in ("kube-controller-manager", "kube-apiserver", "etcd"):
            if name in self._processes:
                self._processes[name].kill()
        self._ports.close()

    @property
    def authority(self) -> Authority:
        """The authority that signs for this control plane; there once it was started."""
        if self._authority is None:
            raise EnvironmentFailed("the control plane was not started")
        return self._authority

    @property
    def admin(self) -> Kubernetes:
        """The API as an administrator sees it."""
        if self._admin is None:
            raise EnvironmentFailed("the API server is not ready")
        return self._admin

    @property
    def server(self) -> str:
        """Where the API server answers."""
        return self._server

    def kubeconfig(self, name: str, who: Pair | str) -> Path:
        """Write a kubeconfig for a certificate or a token; return its path."""
        path = self.folder / f"{name}.kubeconfig"
        authority = self.authority.certificate
        if isinstance(who, Pair):
            return kubeconfig.with_certificate(path, self._server, authority, who)
        return kubeconfig.with_token(path, self._server, authority, who)

    def processes(self) -> dict[str, OwnedProcess]:
        """Return the processes by name."""
        return dict(self._processes)

    def failure(self) -> EnvironmentFailed | None:
        """Return what is wrong where one of the programs has ended, else `None`."""
        for name, process in self._processes.items():
            if not process.running:
                return self._failed(name, f"{name} ended with status {process.exit_status}")
        return None

    def info(self) -> ComponentInfo:
        """Read version and digests from what runs."""
        version = self.admin.server_version()
        parts = [
            Part("kube-apiserver", version, self._digest("kube-apiserver"), self.apiserver.source),
            Part("etcd", self._etcd_version(), self._digest("etcd"), self.etcd.source),
            Part(
                "kube-controller-manager",
                module_version(self._processes["kube-controller-manager"].pid, KUBERNETES_MODULE),
                self._digest("kube-controller-manager"),
                self.controller_manager.source,
            ),
        ]
        return ComponentInfo(
            name=Component.KUBERNETES,
            implementation="kubernetes",
            installer="process",
            version=version,
            digest=parts[0].digest,
            source=self.apiserver.source,
            parts=parts,
        )

    def _run(
        self,
        name: str,
        binary: Binary,
        flags: list[str],
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        log = self.folder / f"{name}.log"
        process = OwnedProcess(name, [binary.path, *flags], log, environment)
        self._processes[name] = process
        try:
            process.start()
        except OSError as error:
            raise EnvironmentFailed(f"{name} could not be started: {error.strerror}") from None

    def _failed(self, name: str, message: str) -> EnvironmentFailed:
        log = self.canaries.redact(self._processes[name].log_tail())
        hint = f"the end of {name}'s log is above; `trustee-conformance doctor` checks the parts"
        return EnvironmentFailed(message, hint=port_hint(log) or hint, log=log)

    def _digest(self, name: str) -> str | None:
        programs = {"etcd": self.etcd, "kube-apiserver": self.apiserver}
        binary = programs.get(name, self.controller_manager)
        return checked_digest(self._processes[name].pid, binary)

    def _etcd_version(self) -> str | None:
        pair = self.authority.client("etcd-reader")
        try:
            answer = requests.get(
                f"{self._etcd_url}/version",
                cert=(str(pair.certificate), str(pair.key)),
                verify=str(self.authority.certificate),
                timeout=5,
                proxies={"no_proxy": "*"},
            )
            body: dict[str, Any] = answer.json()
        except (requests.RequestException, ValueError):
            return None
        return str(body.get("etcdserver"))

    def _etcd_flags(self, client_port: int, peer_port: int) -> list[str]:
        pair = self.authority.server("etcd", ["127.0.0.1", "localhost"])
        peer = f"http://127.0.0.1:{peer_port}"
        return [
            f"--data-dir={self.folder / 'etcd'}",
            "--unsafe-no-fsync",
            f"--listen-client-urls=https://127.0.0.1:{client_port}",
            f"--advertise-client-urls=https://127.0.0.1:{client_port}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            f"--cert-file={pair.certificate}",
            f"--key-file={pair.key}",
            f"--trusted-ca-file={self.authority.certificate}",
            "--client-cert-auth",
            "--log-level=warn",
        ]

    def _apiserver_flags(self, port: int) -> list[str]:
        authority = self.authority
        hosts = ["127.0.0.1", "localhost", "kubernetes.default.svc", API_SERVICE]
        serving = authority.server("kube-apiserver", hosts)
        etcd = authority.client("etcd-client")
        accounts = authority.key_pair("service-accounts")
        return [
            f"--etcd-servers={self._etcd_url}",
            f"--etcd-cafile={authority.certificate}",
            f"--etcd-certfile={etcd.certificate}",
            f"--etcd-keyfile={etcd.key}",
            "--bind-address=127.0.0.1",
            f"--secure-port={port}",
            f"--tls-cert-file={serving.certificate}",
            f"--tls-private-key-file={serving.key}",
            f"--client-ca-file={authority.certificate}",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={SERVICE_RANGE}",
            f"--service-account-issuer={ISSUER}",
            f"--service-account-key-file={accounts.certificate}",
            f"--service-account-signing-key-file={accounts.key}",
            f"--cert-dir={self.folder / 'apiserver'}",
        ]

    def _manager_flags(self, config: Path) -> list[str]:
        return [
            f"--kubeconfig={config}",
            f"--authentication-kubeconfig={config}",
            f"--authorization-kubeconfig={config}",
            f"--controllers={','.join(CONTROLLERS)}",
            "--use-service-account-credentials",
            f"--root-ca-file={self.authority.certificate}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=100",
            "--kube-api-burst=200",
        ]
