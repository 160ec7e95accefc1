"""What the operator does about KbsConfigs, whichever back end runs their pod.

Source: confidential-containers/trustee-operator `internal/controller/kbsconfig_controller.go`: what
cannot be followed is told and leaves what runs as it is; the status says no more than isReady.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from urllib3.exceptions import HTTPError

from .backend import Backend, Done, deployment_of, service_of
from .cluster import KBS_CONFIG, TRUSTEE_CONFIG, Cluster, Object, Refused
from .pod_spec import Blocked, Images, PodSpec
from .releases import KbsGeneration, Release
from .reporter import Reporter
from .trustee_config import TrusteeConfigs

log = logging.getLogger("operator")

FINALIZER = "kbsconfig.confidentialcontainers.org/finalizer"
DEPLOYING = "Error in creating/updating KBS deployment"
RETRY = 1.0
"""Seconds until what the API server did not take is tried again, and between two looks at most."""


@dataclass(slots=True)
class Operator:
    """Reconciles what is in one namespace.

    Attributes:
        cluster: What is there.
        backend: What runs the pod.
        release: The release that this behaves as.
        generation: The KBS generation that it deploys.
        images: What the containers run.
        reporter: Where it tells what it does.
    """

    cluster: Cluster
    backend: Backend
    release: Release
    generation: KbsGeneration
    images: Images
    reporter: Reporter
    _refused: tuple[Object, str] | None = None
    _trustee_configs: TrusteeConfigs = field(init=False)

    def __post_init__(self) -> None:
        """Set up the reconcile of TrusteeConfigs."""
        self._trustee_configs = TrusteeConfigs(
            self.cluster, self.release, self.generation, self.reporter
        )

    def run(self, stopped: threading.Event) -> None:
        """Reconcile on every change and whenever the back end has something due, until stopped."""
        due = RETRY
        while not stopped.is_set():
            self.cluster.changed.wait(due)
            self.cluster.changed.clear()
            if self.cluster.synced:
                due = min(self._work(), RETRY)

    def _work(self) -> float:
        try:
            return self.reconcile()
        except (Refused, HTTPError) as error:
            self.reporter.problem("will be tried again", f"{type(error).__name__} {error}")
        return RETRY

    def reconcile(self) -> float:
        """Look at everything once; return in how many seconds to look again at the latest."""
        for trustee_config in self.cluster.all(TRUSTEE_CONFIG):
            self._trustee_configs.reconcile(trustee_config)
        kbs_config = self._kbs_config()
        if kbs_config is None:
            self.backend.delete()  # as the garbage collector does with what a KbsConfig owns
            return self.backend.tick()
        if kbs_config["metadata"].get("deletionTimestamp"):
            self._finalize(kbs_config)
            return RETRY
        self._deploy(kbs_config)
        due = self.backend.tick()
        self._report(kbs_config["metadata"]["name"])
        return due

    def _kbs_config(self) -> Object | None:
        """Return the oldest KbsConfig; others could only fight with it over the Deployment."""
        found = sorted(
            self.cluster.all(KBS_CONFIG), key=lambda one: one["metadata"]["creationTimestamp"]
        )
        others = [one["metadata"]["name"] for one in found[1:]]
        self.reporter.problem("KbsConfigs besides the oldest are left alone", ", ".join(others))
        return found[0] if found else None

    def _deploy(self, kbs_config: Object) -> None:
        try:
            done = self._apply(kbs_config)
        except Blocked as why:
            if self.reporter.problem(DEPLOYING, str(why)):
                had = FINALIZER in kbs_config["metadata"].get("finalizers", [])
                reason = "DeploymentUpdateFailed" if had else "DeploymentCreateFailed"
                self.reporter.event(KBS_CONFIG, kbs_config, reason, str(why))
            return
        self.reporter.problem(DEPLOYING, "")
        if done is not Done.NOTHING:
            log.info("the deployment is %s", done.lower())
            self.reporter.event(KBS_CONFIG, kbs_config, f"Deployment{done}", f"{done} by KbsConfig")
        self._hold(kbs_config)

    def _apply(self, kbs_config: Object) -> Done:
        spec = PodSpec(self.release, self.generation, self.images, self.cluster)
        template = spec.template(kbs_config.get("spec") or {})
        deployment = deployment_of(kbs_config, template)
        if self._refused is not None and self._refused[0] == deployment:
            raise Blocked(self._refused[1])
        try:
            return self.backend.apply(deployment, service_of(kbs_config))
        except Blocked as why:
            self._refused = deployment, str(why)
            raise

    def _hold(self, kbs_config: Object) -> None:
        """Keep the KbsConfig from going before its deployment has gone."""
        meta = kbs_config["metadata"]
        finalizers = meta.get("finalizers", [])
        if FINALIZER not in finalizers:
            self.cluster.set_finalizers(KBS_CONFIG, meta["name"], [*finalizers, FINALIZER])

    def _finalize(self, kbs_config: Object) -> None:
        meta = kbs_config["metadata"]
        finalizers = meta.get("finalizers", [])
        if FINALIZER not in finalizers:
            return
        if not self.backend.delete():  # the release does not let go either
            self.reporter.problem("Error in finalizing KbsConfig", "the deployment is not there")
            return
        log.info("the deployment is deleted with its KbsConfig")
        others = [one for one in finalizers if one != FINALIZER]
        self.cluster.set_finalizers(KBS_CONFIG, meta["name"], others)

    def _report(self, name: str) -> None:
        kbs_config = self.cluster.get(KBS_CONFIG, name)
        if kbs_config is None or self.backend.rolling:
            return
        said = bool((kbs_config.get("status") or {}).get("isReady"))
        ready = self.backend.ready
        falls = said and not ready and self.release.events
        if (ready and not said) or falls:
            self.cluster.set_status(KBS_CONFIG, name, {"isReady": ready})
            reason = "Ready" if ready else "NotReady"
            self.reporter.event(KBS_CONFIG, kbs_config, reason, f"KBS is {reason}")
