"""Trustee as processes: the reference operator, and the reference KBS that it runs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from ..adapters.kubernetes import (
    CRD,
    KBS_CONFIG,
    SECRET,
    TRUSTEE_CONFIG,
    Kubernetes,
    Object,
    Refused,
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
from .manifests import load
from .starting import start

PACKAGE = "trustee_conformance.harness.reference"
SOURCE = f"{PACKAGE} (this project's double)"
GROUP = "confidentialcontainers.org"

SERVICE_ACCOUNT = "trustee-operator"
LIST = "/spec/kbsSecretResources"
TEST_FAILED = 422
"""The HTTP status of a JSON patch whose test does not hold."""
EMULATES = re.compile(r"trustee-operator double .*, (emulates \S+); KBS generation")
"""What the double writes to its log when it starts."""
SEPARATOR = "\\x2F"
"""What stands for a slash where KBS has flat files: four characters, no slash."""


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
    """

    kubernetes: Kubernetes
    names: Names
    folder: Path
    delivery: Delivery
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
        """Return the path of the first resource that the operator made of itself.

        Raises:
            ComponentFailed: there is none.
        """
        for name in self.listed():
            secret = self.kubernetes.get(SECRET, name, self.names.namespace)
            for key in sorted((secret or {}).get("data") or {}):
                return f"default/{name}/{key}"
        raise ComponentFailed(Component.TRUSTEE_OPERATOR, "the KbsConfig lists no Secret with keys")

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

    def withdraw(self, secret: str) -> None:
        """Take a Secret off the KbsConfig's list, by value: whoever else edits it is not undone.

        Raises:
            Refused: the API server says no, other than that the list has changed meanwhile.
        """
        while secret in (listed := self.listed()):
            entry = f"{LIST}/{listed.index(secret)}"
            operations = [
                {"op": "test", "path": entry, "value": secret},
                {"op": "remove", "path": entry},
            ]
            try:
                self.kubernetes.json_patch(
                    KBS_CONFIG, self.names.kbs_config, operations, self.names.namespace
                )
            except Refused as refusal:
                if refusal.status != TEST_FAILED:
                    raise

    def replace(self, deadline: Deadline) -> None:
        """Delete the KBS pod, as `kubectl delete pod -l app=kbs` does, and wait for the next one.

        Raises:
            ComponentFailed: no other pod comes.
        """
        record = self._pod_record()
        before = self.instance()
        if record is not None:
            aside = self._pod_file.with_suffix(".deleted")
            aside.write_text(json.dumps(record | {"deleted": True}))
            aside.rename(self._pod_file)
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
        place = self._place(secret, key)
        try:
            return place.read_bytes() if place else None
        except OSError:
            return None

    def delivery_seen(self, secret: str, key: str) -> str:
        """Say how a value got to where KBS reads it, as the file there shows."""
        place = self._place(secret, key)
        if place is None or not place.is_file():
            return "no file in the repository"
        if place.is_symlink():
            return "a file of a mounted volume, which follows its Secret"
        if place.stat().st_mtime <= self._pod_file.stat().st_mtime:
            return "a copy from before the pod's start; a fresh pod would copy the Secret anew"
        return "a copy made since the pod's start"

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
        said = EMULATES.search(self.log.since())
        source = f"{SOURCE}, {said[1]}" if said else SOURCE
        operator = _double(Component.TRUSTEE_OPERATOR, "operator", source)
        return [operator, _double(Component.KBS, "kbs")]

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

    def _place(self, secret: str, key: str) -> Path | None:
        """Return where the pod that is there has a value, `None` where there is no pod."""
        record = self._pod_record()
        if record is None:
            return None
        parts = ("default", secret, key)
        flat = record["layout"] == "flat"
        return Path(record["repository"]) / (SEPARATOR.join(parts) if flat else Path(*parts))

    @property
    def _pod_file(self) -> Path:
        return self.folder / "pod.json"

    def _kbs_config(self) -> Object | None:
        return self.kubernetes.get(KBS_CONFIG, self.names.kbs_config, self.names.namespace)

    def _pod_record(self) -> Object | None:
        try:
            record: Object = json.loads(self._pod_file.read_text())
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


def _double(name: Component, program: str, source: str = SOURCE) -> ComponentInfo:
    return ComponentInfo(
        name=name,
        implementation="reference",
        installer="process",
        version=own_version(),
        digest=digest_of_double(program),
        source=source,
    )
