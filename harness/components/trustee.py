"""Trustee as processes: the reference operator, and the reference KBS that it runs."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

from ..adapters.kubernetes import (
    CRD,
    KBS_CONFIG,
    SECRET,
    TRUSTEE_CONFIG,
    Kubernetes,
    condition,
    decoded,
)
from ..adapters.logs import LogFile
from ..adapters.process import OwnedProcess, Ports
from ..errors import ComponentFailed
from ..model.component import ComponentInfo
from ..model.names import Names
from ..model.words import Component
from ..versions import own_version
from ..wait import Deadline, DeadlinePassed, wait_until
from .inspect import digest_of_double
from .kbs_config import KbsConfig
from .kbs_pod import KbsPod
from .kbs_program import KbsProgram, likely_cause
from .manifests import load
from .starting import start

PACKAGE = "trustee_conformance.harness.reference"
SOURCE = f"{PACKAGE} (this project's double)"
GROUP = "confidentialcontainers.org"

SERVICE_ACCOUNT = "trustee-operator"
EMULATES = re.compile(r"trustee-operator double .*, (emulates [^\s;]+);")
"""What the double writes to its log when it starts."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How Secrets reach KBS here.

    Attributes:
        emulates: The release of the operator that the double behaves as.
        period: Seconds between two looks at a mounted Secret.
        gap: Seconds without service when the pod is replaced.
    """

    emulates: str
    period: float
    gap: float


@dataclass(slots=True)
class TrusteeProcess:
    """The reference operator as a process, with the KBS process that stands for its pod.

    Attributes:
        kubernetes: The API, to publish in the KbsConfig.
        names: What things are called.
        folder: Its state; private.
        delivery: Release, period and gap.
        kbs: The KBS that the operator is to run.
    """

    kubernetes: Kubernetes
    names: Names
    folder: Path
    delivery: Delivery
    kbs: KbsProgram = field(default_factory=KbsProgram)
    url: str = ""
    _ports: Ports = field(default_factory=Ports)
    _operator: OwnedProcess | None = None

    def install(self) -> None:
        """Apply the CRDs and the operator's rights."""
        for manifest in load("trustee.yaml"):
            for named in (manifest["metadata"], *manifest.get("subjects", [])):
                if "namespace" in named:
                    named["namespace"] = self.names.namespace
            self.kubernetes.apply(manifest)

    def await_installed(self, deadline: Deadline) -> None:
        """Wait until the API is served, then make the TrusteeConfig that the page starts from.

        Raises:
            ComponentFailed: it is not in time.
        """
        try:
            wait_until(
                self.kubernetes.changes(CRD, f"{TRUSTEE_CONFIG.plural}.{GROUP}", None),
                lambda _: self._served(),
                expected="the APIs of the Trustee operator to be served",
                deadline=deadline,
                describe=lambda _: "not served",
            )
        except DeadlinePassed as passed:
            raise ComponentFailed(Component.TRUSTEE_OPERATOR, str(passed)) from None
        self._make_trustee_config()

    def await_generated(self, deadline: Deadline) -> None:
        """Wait until the operator has made a KbsConfig and its sample of the TrusteeConfig.

        Raises:
            ComponentFailed: it is not in time.
        """
        names = self.names
        try:
            wait_until(
                self.kubernetes.changes(KBS_CONFIG, names.kbs_config, names.namespace),
                lambda seen: bool(seen and seen["spec"].get("kbsSecretResources")),
                expected=f"KbsConfig {names.kbs_config} with a list",
                deadline=deadline,
                describe=lambda seen: "a KbsConfig" if seen else "no KbsConfig",
            )
        except DeadlinePassed as passed:
            log = self.log.tail()
            raise ComponentFailed(Component.TRUSTEE_OPERATOR, str(passed), log=log) from None

    def sample_path(self) -> str:
        """Return the path of a resource that the operator made of itself.

        Raises:
            ComponentFailed: there is none.
        """
        return self._kbs_config.sample_path()

    def administrator_key(self) -> bytes | None:
        """Return the private key that the operator made for KBS, `None` where it made none."""
        name = f"{self.names.trustee_config}-auth-secret"
        secret = self.kubernetes.get(SECRET, name, self.names.namespace)
        return decoded(secret, "privateKey") if secret else None

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
            "--emulates": self.delivery.emulates,
            "--folder": self.folder,
            "--socket": f"127.0.0.1:{port}",
            "--owner": os.getpid(),
            "--period": self.delivery.period,
            "--gap": self.delivery.gap,
            **self.kbs.flags(),
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
        self._pod.kill()
        self._ports.close()

    def publish(self, secret: str) -> None:
        """Add a Secret to the KbsConfig's list by the walkthrough's JSON patch."""
        self._kbs_config.publish(secret)

    def withdraw(self, secret: str) -> None:
        """Take a Secret off the KbsConfig's list."""
        self._kbs_config.withdraw(secret)

    def append(self, entry: str) -> None:
        """Add an entry to the KbsConfig's list without looking, as the walkthrough's patch does."""
        self._kbs_config.append(entry)

    def withdraw_last(self, entry: str) -> None:
        """Take the last entry of that value off the KbsConfig's list."""
        self._kbs_config.withdraw_last(entry)

    def replace(self, deadline: Deadline) -> None:
        """Delete the KBS pod, as `kubectl delete pod -l app=kbs` does, and wait for the next one.

        Raises:
            ComponentFailed: no other pod comes.
        """
        before = self.instance()
        self._pod.delete()
        try:
            wait_until(
                self.instance,
                lambda now: now is not None and now != before,
                expected="another KBS pod",
                deadline=deadline,
            )
        except DeadlinePassed as passed:
            log = self.log.tail()
            raise ComponentFailed(Component.TRUSTEE_OPERATOR, str(passed), log=log) from None

    def listed(self) -> list[str]:
        """Return the names that the KbsConfig lists."""
        return self._kbs_config.listed()

    def is_ready(self) -> bool:
        """Tell whether the operator says that the KbsConfig is ready."""
        return self._kbs_config.is_ready()

    def health(self) -> str:
        """Return `ok`, or what is wrong with the operator."""
        if self._operator is not None and self._operator.running:
            return "ok"
        status = self._operator.exit_status if self._operator else None
        return f"the operator is not running (status {status})"

    def kbs_health(self) -> str:
        """Return `ok`, or what is wrong with the KBS: its last words, and their likely cause."""
        if self._pod.program() is not None:
            return "ok"
        said = self.kbs_log.tail()
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        cause = likely_cause(said)
        told = f"KBS does not run: {lines[-1] if lines else 'it said nothing'}"
        return f"{told}; likely: {cause}" if cause else told

    def kbs_configuration(self) -> str | None:
        """Return the configuration that KBS was started with, `None` where there is none."""
        try:
            return (self.folder / "kbs-config.toml").read_text()
        except OSError:
            return None

    def repository_value(self, secret: str, key: str) -> bytes | None:
        """Return what the repository that KBS reads holds, `None` where it holds nothing."""
        return self._pod.value(secret, key)

    def delivery_seen(self, secret: str, key: str) -> str:
        """Say how a value got to where KBS reads it, as the file there shows."""
        return self._pod.delivery_seen(secret, key)

    def instance(self) -> str | None:
        """Return the name of the KBS pod that runs, `None` where none does."""
        return self._pod.name()

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
        said = EMULATES.search(self.log.since())
        source = f"{SOURCE}, {said[1]}" if said else SOURCE
        operator = _double(Component.TRUSTEE_OPERATOR, "operator", source)
        if self.kbs.path is not None:
            return [operator, self.kbs.info(self.log.since(), self._pod.program())]
        return [operator, _double(Component.KBS, "kbs")]

    def easings(self) -> list[str]:
        """Return what of this set-up no installation has."""
        return self.kbs.easings(self.delivery.emulates, self.log.since())

    def _served(self) -> bool:
        return bool(self.kubernetes.served_versions(GROUP)) and all(
            self._established(kind.plural) for kind in (KBS_CONFIG, TRUSTEE_CONFIG)
        )

    def _established(self, plural: str) -> bool:
        crd = self.kubernetes.get(CRD, f"{plural}.{GROUP}")
        return condition(crd, "Established").get("status") == "True"

    def _make_trustee_config(self) -> None:
        where = {"name": self.names.trustee_config, "namespace": self.names.namespace}
        self.kubernetes.apply(
            {
                "apiVersion": TRUSTEE_CONFIG.api_version,
                "kind": TRUSTEE_CONFIG.name,
                "metadata": where,
                "spec": {"profileType": "Permissive"},
            }
        )

    @property
    def _kbs_config(self) -> KbsConfig:
        return KbsConfig(self.kubernetes, self.names)

    @property
    def _pod(self) -> KbsPod:
        return KbsPod(self.folder / "pod.json")


def _double(name: Component, program: str, source: str = SOURCE) -> ComponentInfo:
    return ComponentInfo(
        name=name,
        implementation="reference",
        installer="process",
        version=own_version(),
        digest=digest_of_double(program),
        source=source,
    )
