"""The External Secrets Operator as a process: its controller over its own CRDs and rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import requests
import yaml

from ..adapters.kubernetes import CRD, EXTERNAL_SECRETS_GROUP, Kind, Kubernetes, Object, condition
from ..adapters.logs import LogFile
from ..adapters.process import OwnedProcess, Ports
from ..artifacts.provide import Binary
from ..errors import ComponentFailed
from ..model.component import ComponentInfo
from ..model.words import Component
from ..wait import Deadline, DeadlinePassed, wait_until
from .inspect import checked_digest, module_version
from .manifests import load
from .starting import start

MODULE = "github.com/external-secrets/external-secrets"
NEEDED = (
    "externalsecrets.external-secrets.io",
    "secretstores.external-secrets.io",
    "generatorstates.generators.external-secrets.io",
)
"""The CRDs that a controller without cluster-wide and push reconcilers looks at."""

NAMESPACE = "external-secrets"
SERVICE_ACCOUNT = "external-secrets"


@dataclass(slots=True)
class ExternalSecretsProcess:
    """ESO's controller outside of the cluster, with the rights of its ServiceAccount.

    Attributes:
        binary: The controller.
        crds: Its CRDs, as the release ships them.
        folder: Its state; private.
    """

    binary: Binary
    crds: Path
    folder: Path
    _ports: Ports = field(default_factory=Ports)
    _process: OwnedProcess | None = None
    _live_port: int = 0
    _served: list[str] = field(default_factory=list)

    def install(self, kubernetes: Kubernetes) -> None:
        """Apply CRDs, ServiceAccount and rights."""
        for crd in _documents(self.crds):
            if crd["metadata"]["name"] in NEEDED:
                kubernetes.apply(crd)
        for manifest in load("external-secrets.yaml"):
            kubernetes.apply(manifest)

    def await_installed(self, kubernetes: Kubernetes, deadline: Deadline) -> None:
        """Wait until the CRDs are established.

        Raises:
            ComponentFailed: one is not in time.
        """
        for name in NEEDED:
            _await_established(kubernetes, name, deadline)
        self._served = kubernetes.served_versions(EXTERNAL_SECRETS_GROUP)

    def start(self, kubeconfig: Path) -> None:
        """Start the controller.

        Raises:
            ComponentFailed: it could not be started.
        """
        metrics, self._live_port = self._ports.take(2)
        self._process = OwnedProcess(
            "external-secrets",
            [
                self.binary.path,
                "--enable-leader-election=false",
                "--enable-cluster-store-reconciler=false",
                "--enable-cluster-external-secret-reconciler=false",
                "--enable-cluster-push-secret-reconciler=false",
                "--enable-push-secret-reconciler=false",
                f"--metrics-addr=127.0.0.1:{metrics}",
                f"--live-addr=127.0.0.1:{self._live_port}",
                "--loglevel=info",
            ],
            self.log.path,
            environment={"KUBECONFIG": str(kubeconfig)},
        )
        start(Component.EXTERNAL_SECRETS, self._process)

    def stop(self) -> None:
        """End the controller as a cluster would; its objects stay."""
        if self._process is not None:
            self._process.stop()

    def kill(self) -> None:
        """End the controller at once."""
        if self._process is not None:
            self._process.kill()
        self._ports.close()

    @property
    def process(self) -> OwnedProcess | None:
        """The controller's process, once it was started."""
        return self._process

    @property
    def api_version(self) -> str:
        """The best API version that the cluster serves.

        Raises:
            ComponentFailed: it serves none.
        """
        if not self._served:
            raise ComponentFailed(
                Component.EXTERNAL_SECRETS, f"the cluster serves no API of {EXTERNAL_SECRETS_GROUP}"
            )
        return f"{EXTERNAL_SECRETS_GROUP}/{self._served[0]}"

    def kind(self, name: str) -> Kind:
        """Return ExternalSecret or SecretStore in the version that is served."""
        return Kind(self.api_version, name, f"{name.lower()}s")

    def health(self) -> str:
        """Return `ok`, or what is wrong with the controller."""
        if self._process is None or not self._process.running:
            status = self._process.exit_status if self._process else None
            return f"the controller is not running (status {status})"
        try:
            session = requests.Session()
            session.trust_env = False
            answer = session.get(f"http://127.0.0.1:{self._live_port}/healthz", timeout=5)
        except requests.RequestException as error:
            return f"the controller does not answer ({type(error).__name__})"
        return "ok" if answer.ok else f"the controller answers {answer.status_code}"

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.running

    @property
    def log(self) -> LogFile:
        """The controller's log."""
        return LogFile(self.folder / "external-secrets.log")

    def info(self) -> ComponentInfo:
        """Read version and digest from what runs."""
        pid = self._process.pid if self._process else None
        return ComponentInfo(
            name=Component.EXTERNAL_SECRETS,
            implementation="external-secrets",
            installer="process",
            version=module_version(pid, MODULE),
            digest=checked_digest(pid, self.binary),
            source=self.binary.source,
        )


def _documents(path: Path) -> list[Object]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with path.open() as file:
        return [one for one in yaml.load_all(file, Loader=loader) if one]


def _await_established(kubernetes: Kubernetes, name: str, deadline: Deadline) -> None:
    try:
        wait_until(
            kubernetes.changes(CRD, name, None),
            lambda crd: condition(crd, "Established").get("status") == "True",
            expected=f"CRD {name} to be established",
            deadline=deadline,
            describe=lambda crd: str(condition(crd, "Established") or "no condition"),
        )
    except DeadlinePassed as passed:
        raise ComponentFailed(Component.EXTERNAL_SECRETS, str(passed)) from None
