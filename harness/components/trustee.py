"""Trustee as processes: the reference operator, and the reference KBS that it runs."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ..adapters.kubernetes import CRD, KBS_CONFIG, SECRET, Kubernetes, Object
from ..adapters.logs import LogFile
from ..adapters.process import OwnedProcess, Ports
from ..errors import ComponentFailed
from ..model.component import ComponentInfo
from ..model.names import Names
from ..model.words import Component
from ..versions import own_version
from ..wait import Deadline, DeadlinePassed, wait_until
from .inspect import digest_of_double
from .manifests import load
from .starting import start

PACKAGE = "trustee_conformance.harness.reference"
SOURCE = f"{PACKAGE} (this project's double)"

SAMPLE_SECRET = "kbsres1"  # noqa: S105 - the name that the real operator gives it
SAMPLE = {"key1": "res1val1", "key2": "res1val2"}
"""The sample that operators v0.17 to v0.19 make, so that the list is never empty."""

SERVICE_ACCOUNT = "trustee-operator"
LIST = "/spec/kbsSecretResources"


@dataclass(frozen=True, slots=True)
class Delivery:
    """How Secrets reach KBS here.

    Attributes:
        period: Seconds between two looks at a mounted Secret.
        gap: Seconds without service when the pod is replaced.
    """

    period: float
    gap: float


@dataclass(slots=True)
class TrusteeProcess:
    """The reference operator as a process, with the KBS process that stands for its pod.

    Attributes:
        kubernetes: The API, to publish in the KbsConfig.
        names: What things are called.
        folder: Its state; private.
        delivery: Period and gap.
    """

    kubernetes: Kubernetes
    names: Names
    folder: Path
    delivery: Delivery
    url: str = ""
    _ports: Ports = field(default_factory=Ports)
    _operator: OwnedProcess | None = None

    def install(self) -> None:
        """Apply the CRD and the operator's rights."""
        for manifest in load("trustee.yaml"):
            self.kubernetes.apply(manifest)

    def await_installed(self, deadline: Deadline) -> None:
        """Wait until the CRD is established, then make the KbsConfig with its sample.

        Raises:
            ComponentFailed: it is not in time.
        """
        try:
            wait_until(
                self.kubernetes.changes(CRD, "kbsconfigs.confidentialcontainers.org", None),
                lambda _: bool(self.kubernetes.served_versions("confidentialcontainers.org")),
                expected="the KbsConfig API to be served",
                deadline=deadline,
                describe=lambda _: "not served",
            )
        except DeadlinePassed as passed:
            raise ComponentFailed(Component.TRUSTEE_OPERATOR, str(passed)) from None
        self._make_sample()

    def start(self, kubeconfig: Path) -> None:
        """Start the operator.

        Raises:
            ComponentFailed: it could not be started.
        """
        [port] = self._ports.take(1)
        self.url = f"http://127.0.0.1:{port}"
        options = {
            "--kubeconfig": kubeconfig,
            "--namespace": self.names.namespace,
            "--kbs-config": self.names.kbs_config,
            "--folder": self.folder,
            "--socket": f"127.0.0.1:{port}",
            "--owner": os.getpid(),
            "--period": self.delivery.period,
            "--gap": self.delivery.gap,
        }
        flags = [str(part) for pair in options.items() for part in pair]
        self._operator = OwnedProcess(
            "trustee-operator",
            [sys.executable, "-m", f"{PACKAGE}.operator", *flags],
            self.log.path,
        )
        start(Component.TRUSTEE_OPERATOR, self._operator)

    def stop_operator(self) -> None:
        """End the operator alone; what it runs goes on."""
        if self._operator is not None:
            self._operator.stop()

    def kill(self) -> None:
        """End the operator and the KBS pod at once."""
        if self._operator is not None:
            self._operator.kill()
        pod = self._pod()
        if pod is not None:
            for process in [*pod.children(recursive=True), pod]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        self._ports.close()

    def publish(self, secret: str) -> None:
        """Add a Secret to the KbsConfig's list by the walkthrough's JSON patch, unless it is there.

        The patch appends without looking, so sending it twice would list the name twice, which
        blocks the operator.
        """
        if secret not in self.listed():
            operation = {"op": "add", "path": f"{LIST}/-", "value": secret}
            self.kubernetes.json_patch(
                KBS_CONFIG, self.names.kbs_config, [operation], self.names.namespace
            )

    def listed(self) -> list[str]:
        """Return the names that the KbsConfig lists."""
        spec = (self._kbs_config() or {}).get("spec") or {}
        return list(spec.get("kbsSecretResources") or [])

    def is_ready(self) -> bool:
        """Tell whether the operator says that the KbsConfig is ready."""
        status = (self._kbs_config() or {}).get("status") or {}
        return bool(status.get("isReady"))

    def health(self) -> str:
        """Return `ok`, or what is wrong with the operator."""
        if self._operator is not None and self._operator.running:
            return "ok"
        status = self._operator.exit_status if self._operator else None
        return f"the operator is not running (status {status})"

    def repository_value(self, secret: str, key: str) -> bytes | None:
        """Return what the repository that KBS reads holds, `None` where it holds nothing."""
        try:
            return (self.folder / "repository" / "default" / secret / key).read_bytes()
        except OSError:
            return None

    def instance(self) -> str | None:
        """Return the name of the KBS pod that runs, `None` where none does."""
        record = self._pod_record()
        return str(record["name"]) if record and self._pod() else None

    @property
    def log(self) -> LogFile:
        """The operator's log."""
        return LogFile(self.folder / "trustee-operator.log")

    @property
    def kbs_log(self) -> LogFile:
        """KBS's log."""
        return LogFile(self.folder / "kbs.log")

    @property
    def operator(self) -> OwnedProcess | None:
        """The operator's process, once it was started."""
        return self._operator

    def infos(self) -> list[ComponentInfo]:
        """Describe the operator and KBS."""
        operator = _double(Component.TRUSTEE_OPERATOR, "operator")
        return [operator, _double(Component.KBS, "kbs")]

    def _make_sample(self) -> None:
        where = {"namespace": self.names.namespace}
        self.kubernetes.apply(
            {
                "apiVersion": SECRET.api_version,
                "kind": SECRET.name,
                "metadata": {"name": SAMPLE_SECRET, **where},
                "stringData": SAMPLE,
            }
        )
        if self._kbs_config() is None:
            self.kubernetes.apply(
                {
                    "apiVersion": KBS_CONFIG.api_version,
                    "kind": KBS_CONFIG.name,
                    "metadata": {"name": self.names.kbs_config, **where},
                    "spec": {
                        "kbsDeploymentType": "AllInOneDeployment",
                        "kbsSecretResources": [SAMPLE_SECRET],
                    },
                }
            )

    def _kbs_config(self) -> Object | None:
        return self.kubernetes.get(KBS_CONFIG, self.names.kbs_config, self.names.namespace)

    def _pod_record(self) -> Object | None:
        try:
            record: Object = json.loads((self.folder / "pod.json").read_text())
        except (OSError, ValueError):
            return None
        return record

    def _pod(self) -> psutil.Process | None:
        record = self._pod_record()
        if record is None:
            return None
        try:
            process = psutil.Process(record["pid"])
            same = abs(process.create_time() - record["started"]) < 1
            alive = same and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process if alive else None


def _double(name: Component, program: str) -> ComponentInfo:
    return ComponentInfo(
        name=name,
        implementation="reference",
        installer="process",
        version=own_version(),
        digest=digest_of_double(program),
        source=SOURCE,
    )
