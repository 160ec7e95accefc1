"""The reconcile of a TrusteeConfig: what it brings is there, and its KbsConfig says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .cluster import KBS_CONFIG, TRUSTEE_CONFIG, Cluster, Object
from .generated import Generator, merged
from .pod_spec import Blocked
from .releases import KbsGeneration, Release
from .reporter import Reporter

DEPLOYED, DEPLOYING = "KBS is deployed", "the deployment of KBS goes on"


@dataclass(slots=True)
class TrusteeConfigs:
    """Reconciles TrusteeConfigs.

    Attributes:
        cluster: Where they are.
        release: As which release.
        generation: For which KBS.
        reporter: Where problems are told.
    """

    cluster: Cluster
    release: Release
    generation: KbsGeneration
    reporter: Reporter
    _done: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def reconcile(self, trustee_config: Object) -> None:
        """Make what is not there, and merge into the KbsConfig, unless nothing has changed."""
        meta = trustee_config["metadata"]
        if meta.get("deletionTimestamp") or self._done.get(meta["name"]) == self._cause(meta):
            return
        generator = Generator(self.release, self.generation, trustee_config, self.cluster)
        try:
            self._make(generator)
        except Blocked as why:
            self.reporter.problem(f"TrusteeConfig {meta['name']}", str(why))
            return
        self.reporter.problem(f"TrusteeConfig {meta['name']}", "")
        self._merge(generator)
        self._report(generator)
        current = self.cluster.get(TRUSTEE_CONFIG, meta["name"]) or trustee_config
        self._done[meta["name"]] = self._cause(current["metadata"])

    def _cause(self, meta: Object) -> tuple[Any, ...]:
        """Return what a reconcile of the release answers to."""
        kbs_config = self.cluster.get(KBS_CONFIG, f"{meta['name']}-kbs-config")
        version = kbs_config and kbs_config["metadata"]["resourceVersion"]
        return meta["resourceVersion"], version, self._owned(meta["uid"])

    def _owned(self, uid: str) -> tuple[str, ...]:
        if not self.release.watches_owned:
            return ()
        return tuple(
            f"{kind.name}/{one['metadata']['name']}"
            for kind in self.cluster.kinds
            for one in self.cluster.all(kind)
            if uid in [owner["uid"] for owner in one["metadata"].get("ownerReferences") or []]
        )

    def _make(self, generator: Generator) -> None:
        for thing in generator.things():
            if self.cluster.get(thing.kind, thing.name) is None:
                metadata = {"name": thing.name, "ownerReferences": [generator.owner()]}
                self.cluster.create(thing.kind, {"metadata": metadata, **thing.content()})

    def _merge(self, generator: Generator) -> None:
        generated = generator.kbs_config_spec()
        found = self.cluster.get(KBS_CONFIG, generator.kbs_config)
        if found is None:
            metadata = {"name": generator.kbs_config, "ownerReferences": [generator.owner()]}
            self.cluster.create(KBS_CONFIG, {"metadata": metadata, "spec": generated})
            return
        spec = merged(generated, found.get("spec") or {})
        if not found["metadata"].get("deletionTimestamp") and spec != found.get("spec"):
            self.cluster.update(KBS_CONFIG, found | {"spec": spec})

    def _report(self, generator: Generator) -> None:
        kbs_config = self.cluster.get(KBS_CONFIG, generator.kbs_config)
        if kbs_config is None:
            return
        deployed = bool((kbs_config.get("status") or {}).get("isReady"))
        reference = {
            "apiVersion": KBS_CONFIG.api_version,
            "kind": KBS_CONFIG.name,
            "name": generator.kbs_config,
            "namespace": kbs_config["metadata"]["namespace"],
        }
        status = {
            "isReady": deployed or self.release.ready_early,
            "statusDescription": DEPLOYED if deployed else DEPLOYING,
            "kbsConfigRef": reference,
        }
        if generator.trustee_config.get("status") != status:
            self.cluster.set_status(TRUSTEE_CONFIG, generator.name, status)
