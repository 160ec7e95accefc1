"""The back end of a cluster: a Deployment and a Service."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from .backend import DEPLOYMENT_NAME, SERVICE_NAME, Done, blocked
from .cluster import DEPLOYMENT, NOT_FOUND, SERVICE, Cluster, Object, Refused
from .releases import Release

IDLE = 60.0
"""Seconds until the next look where no watch tells of a change."""


@dataclass(frozen=True, slots=True)
class WorkloadBackend:
    """Keeps one Deployment and its Service.

    Attributes:
        cluster: Where they are; it must watch both kinds.
        release: Up to v0.19 only the pod's specification is written over, so that annotations of
            others stay (`kubectl rollout restart`); at v0.21 the whole template is.
    """

    cluster: Cluster
    release: Release

    def apply(self, deployment: Object, service: Object) -> Done:
        """Create both or bring them to what is wanted."""
        try:
            done = self._deployment(deployment)
            self._service(service)
        except Refused as refusal:
            raise blocked(refusal) from None
        return done

    def delete(self) -> bool:
        """Delete the Deployment; the Service goes with its owner."""
        if self.cluster.get(DEPLOYMENT, DEPLOYMENT_NAME) is None:
            return False
        try:
            self.cluster.delete(DEPLOYMENT, DEPLOYMENT_NAME)
        except Refused as refusal:
            if refusal.status != NOT_FOUND:
                raise
            return False
        return True

    def tick(self) -> float:
        """Do nothing: the cluster runs the pods."""
        return IDLE

    @property
    def ready(self) -> bool:
        """Whether all replicas are available."""
        wanted, status = self._state()
        return bool(status) and status.get("availableReplicas", 0) >= wanted > 0

    @property
    def rolling(self) -> bool:
        """Whether not all replicas are of the newest template."""
        wanted, status = self._state()
        return bool(status) and status.get("updatedReplicas", 0) < wanted

    def _state(self) -> tuple[int, dict[str, Any]]:
        found = self.cluster.get(DEPLOYMENT, DEPLOYMENT_NAME) or {}
        return int((found.get("spec") or {}).get("replicas", 1)), found.get("status") or {}

    def _deployment(self, wanted: Object) -> Done:
        found = self.cluster.get(DEPLOYMENT, DEPLOYMENT_NAME)
        if found is None:
            self.cluster.create(DEPLOYMENT, wanted)
            return Done.CREATED
        changed = self._overwritten(found, wanted)
        if changed is None:
            return Done.NOTHING
        self.cluster.update(DEPLOYMENT, changed)
        return Done.UPDATED

    def _overwritten(self, found: Object, wanted: Object) -> Object | None:
        """Return the Deployment as it shall be, `None` where it is so."""
        whole, is_so = copy.deepcopy(found), True
        template, new = whole["spec"]["template"], wanted["spec"]["template"]
        if not contains(template["spec"], new["spec"]):
            template["spec"], is_so = new["spec"], False
        if self.release.rolls_on_config_maps and template["metadata"].get("annotations") != new[
            "metadata"
        ].get("annotations"):
            whole["spec"]["template"], is_so = new, False
        if whole["spec"]["replicas"] != wanted["spec"]["replicas"]:
            whole["spec"]["replicas"], is_so = wanted["spec"]["replicas"], False
        return None if is_so else whole

    def _service(self, wanted: Object) -> None:
        found = self.cluster.get(SERVICE, SERVICE_NAME)
        if found is None:
            self.cluster.create(SERVICE, wanted)
        elif not contains(found["spec"], wanted["spec"]):
            whole = copy.deepcopy(found)
            whole["spec"].update(wanted["spec"])
            self.cluster.update(SERVICE, whole)


def contains(found: Any, wanted: Any) -> bool:
    """Tell whether an object says all that is wanted of it; what the API server added is ignored.

    Lists must be as long, but one that is empty may be absent.
    """
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            contains(found.get(key), value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        held = found or []
        return len(held) == len(wanted) and all(map(contains, held, wanted))
    return bool(found == wanted)
