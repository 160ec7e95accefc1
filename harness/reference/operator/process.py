"""The back end of a machine without a container engine: Deployment and kubelet in one process."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .backend import Done, blocked
from .cluster import CONFLICT, DEPLOYMENT, Cluster, Object, Refused
from .kubelet import FailedMount, Kubelet
from .localise import localised
from .pod import Pod, read, write
from .pod_spec import CONFIG_FILE
from .releases import KbsGeneration

log = logging.getLogger("operator")

FIRST_BACK_OFF, LAST_BACK_OFF = 10.0, 300.0
"""Seconds between a program's second and third start in a pod, and what they double up to."""
STEADY = 600.0
"""Seconds after which a program that ran so long counts as never having crashed."""


def reference_kbs(python: str, generation: KbsGeneration, protocol: str) -> tuple[str, ...]:
    """Return the command of the reference KBS; `--config-file FILE` is added."""
    program = "trustee_conformance.harness.reference.kbs"
    flags = ("--generation", generation.name, "--protocol", protocol)
    return (python, "-m", program, *flags)


@dataclass(frozen=True, slots=True)
class Settings:
    """How this back end behaves where a cluster would decide.

    Attributes:
        folder: Its folder: the pod's root, the KBS configuration, its state.
        socket: Where KBS listens, host:port.
        command: The KBS program; `--config-file FILE` is added.
        period: Seconds between two looks of the kubelet at the volumes.
        gap: Seconds without service when the pod is replaced.
    """

    folder: Path
    socket: str
    command: tuple[str, ...]
    period: float
    gap: float


@dataclass(slots=True)
class ProcessBackend:
    """Runs at most one pod, whatever number of replicas is asked for.

    Attributes:
        cluster: Asked whether a Deployment is valid: its own words are better than ours.
        pod: The program.
        settings: Folder, socket, period, gap.
        generation: Where the pod's KBS has its repository.
    """

    cluster: Cluster
    pod: Pod
    settings: Settings
    generation: KbsGeneration
    clock: Callable[[], float] = time.monotonic
    _start_at: float = 0.0
    _synced: float = 0.0
    _started: float = 0.0
    _crashes: int = 0
    _told: str = ""

    def apply(self, deployment: Object, service: Object) -> Done:  # noqa: ARG002 - no Service here
        """Keep the Deployment, after the API server has said that it is one."""
        held = read(self._held)
        if held == deployment:
            return Done.NOTHING
        self._validate(deployment)
        write(self._held, deployment)
        if held is None:
            return Done.CREATED
        if held["spec"]["template"] != deployment["spec"]["template"]:
            self._end_pod()
        return Done.UPDATED

    def delete(self) -> bool:
        """End the pod and forget the Deployment."""
        self.pod.stop()
        held = read(self._held) is not None
        self._held.unlink(missing_ok=True)
        return held

    def tick(self) -> float:
        """Start the pod, start it again, or let its volumes follow, as is due."""
        held = read(self._held)
        if held is None or held["spec"]["replicas"] == 0:
            self.pod.stop()
            return self.settings.period
        if not self.pod.exists:
            return self._create(held["spec"]["template"]["spec"])
        if not self.pod.running:
            return self._restart(held["spec"]["template"]["spec"])
        return self._sync(held["spec"]["template"]["spec"])

    @property
    def ready(self) -> bool:
        """Whether the program runs; the releases have no other readiness."""
        return self.pod.exists and self.pod.running

    @property
    def rolling(self) -> bool:
        """Whether a pod was ended for another that is not there yet."""
        return self.clock() < self._start_at

    @property
    def _held(self) -> Path:
        return self.settings.folder / "deployment.json"

    @property
    def _kubelet(self) -> Kubelet:
        return Kubelet(self.settings.folder / "root", self.cluster)

    def _validate(self, deployment: Object) -> None:
        try:
            self.cluster.create(DEPLOYMENT, deployment, dry_run=True)
        except Refused as refusal:
            if refusal.status != CONFLICT:  # what is there already was valid before
                raise blocked(refusal) from None

    def _end_pod(self) -> None:
        self.pod.stop()
        self._start_at = self.clock() + self.settings.gap

    def _create(self, spec: dict[str, Any]) -> float:
        """Make a new pod with volumes of its own, once the gap is over."""
        if self.pod.running:  # somebody deleted it: it ends, and another takes its place
            self._end_pod()
        if self.rolling:
            return self._start_at - self.clock()
        try:
            self._kubelet.set_up(spec)
        except FailedMount as failed:
            self._tell(f"the KBS pod waits: FailedMount: {failed}")
            return self.settings.period
        self._crashes = 0
        return self._start(spec)

    def _restart(self, spec: dict[str, Any]) -> float:
        """Start the program again in the same pod: its volumes stay as they are."""
        if self.clock() - self._started > STEADY:
            self._crashes = 0
        wait = min(FIRST_BACK_OFF * 2 ** (self._crashes - 1), LAST_BACK_OFF) if self._crashes else 0
        due = self._started + wait
        if self.clock() < due:
            self._tell("KBS ended by itself: CrashLoopBackOff")
            return min(due - self.clock(), self.settings.period)
        self._crashes += 1
        return self._start(spec)

    def _start(self, spec: dict[str, Any]) -> float:
        [kbs] = spec["containers"]
        repository = self._kubelet.path(str(self.generation.repository))
        repository.mkdir(parents=True, exist_ok=True)
        config = self._configure()
        about = {"repository": str(repository), "layout": _layout(self.generation)}
        self._started = self._synced = self.clock()
        name = self.pod.start(
            [*self.settings.command, "--config-file", str(config)],
            {one["name"]: one["value"] for one in kbs["env"]},
            about,
        )
        self._tell(f"the KBS pod {name} is started")
        return self.settings.period

    def _configure(self) -> Path:
        kubelet, settings = self._kubelet, self.settings
        given = kubelet.path(str(CONFIG_FILE))
        text = given.read_text() if given.is_file() else ""
        path = settings.folder / CONFIG_FILE.name
        path.write_text(localised(text, kubelet.path, settings.socket))
        return path

    def _sync(self, spec: dict[str, Any]) -> float:
        left = self.settings.period - (self.clock() - self._synced)
        if left <= 0:
            self._synced = self.clock()
            self._kubelet.sync(spec)
            left = self.settings.period
        return left

    def _tell(self, what: str) -> None:
        if what != self._told:
            log.info(what)
        self._told = what


def _layout(generation: KbsGeneration) -> str:
    return "flat" if generation.flat else "directories"
