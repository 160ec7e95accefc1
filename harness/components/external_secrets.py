"""The External Secrets Operator as a process: its controller over its own CRDs and rights."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
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
"""The CRDs that a controller without cluster-wide and push reconcilers looks at, where its release
has them: v0.12.1 knows no GeneratorState yet."""

SWITCHED_OFF = (
    "enable-leader-election",
    "enable-cluster-store-reconciler",
    "enable-cluster-external-secret-reconciler",
    "enable-cluster-push-secret-reconciler",
    "enable-push-secret-reconciler",
)
"""What a single controller without the CRDs of those reconcilers does without."""

_FLAG = re.compile(r"^ +(?:-\w, )?--([\w-]+)", re.MULTILINE)

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
    _health_url: str = ""
    _crds: list[str] = field(default_factory=list)
    _served: list[str] = field(default_factory=list)

    def install(self, kubernetes: Kubernetes) -> None:
        """Apply the CRDs that the release has of those needed, ServiceAccount and rights."""
        for crd in _documents(self.crds):
            if crd["metadata"]["name"] in NEEDED:
                kubernetes.apply(without_webhook(crd))
                self._crds.append(crd["metadata"]["name"])
        for manifest in load("external-secrets.yaml"):
            kubernetes.apply(manifest)

    def await_installed(self, kubernetes: Kubernetes, deadline: Deadline) -> None:
        """Wait until the CRDs are established.

        Raises:
            ComponentFailed: one is not in time.
        """
        for name in self._crds:
            _await_established(kubernetes, name, deadline)
        self._served = kubernetes.served_versions(EXTERNAL_SECRETS_GROUP)

    def start(self, kubeconfig: Path) -> None:
        """Start the controller.

        Raises:
            ComponentFailed: it could not be started.
        """
        known = flags_of(self.binary.path)
        metrics, live = (f"127.0.0.1:{port}" for port in self._ports.take(2))
        self._health_url = health_url(known, metrics, live)
        self._process = OwnedProcess(
            "external-secrets",
            [self.binary.path, *arguments(known, metrics, live)],
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
            answer = session.get(self._health_url, timeout=5)
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


def without_webhook(crd: Object) -> Object:
    """Return a CRD whose served versions are all kept and none is converted by a webhook.

    The CRDs of v0.10.7 and v0.12.1 name one, and no webhook process runs here: with it, every read
    in a version other than the stored one would fail.
    """
    if crd["spec"].get("conversion", {}).get("strategy") != "Webhook":
        return crd
    kept = {key: value for key, value in crd["spec"].items() if key != "conversion"}
    return {**crd, "spec": kept}


def flags_of(controller: Path) -> frozenset[str]:
    """Return the names of the flags that a controller says it knows.

    Raises:
        ComponentFailed: it does not answer `--help`.
    """
    try:
        done = subprocess.run(
            [controller, "--help"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ComponentFailed(
            Component.EXTERNAL_SECRETS,
            f"the controller does not answer --help ({type(error).__name__})",
        ) from None
    return frozenset(_FLAG.findall(done.stdout))


def arguments(known: Iterable[str], metrics: str, live: str) -> list[str]:
    """Return the arguments of a controller, without flags that it does not know.

    Args:
        known: The names of the flags that it knows.
        metrics: The address of its metrics.
        live: The address of its health.
    """
    wanted = {
        **dict.fromkeys(SWITCHED_OFF, "false"),
        "metrics-addr": metrics,
        "live-addr": live,
        "loglevel": "info",
    }
    return [f"--{name}={value}" for name, value in wanted.items() if name in known]


def health_url(known: Iterable[str], metrics: str, live: str) -> str:
    """Return where a controller answers while its manager runs.

    Releases without `live-addr` have no health endpoint (external-secrets `cmd/root.go`); their
    metrics are served by the same manager, from its start to its end.
    """
    return f"http://{live}/healthz" if "live-addr" in known else f"http://{metrics}/metrics"


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
