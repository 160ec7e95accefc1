"""What makes the pod that a KbsConfig asks for: a process here, or a workload of a cluster."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Protocol

from .cluster import KBS_CONFIG, Object, Refused
from .pod_spec import LABELS, Blocked

DEPLOYMENT_NAME, SERVICE_NAME = "trustee-deployment", "kbs-service"
PORT = 8080
INVALID = 422
"""The HTTP status with which the API server refuses an object for what it says."""


class Done(StrEnum):
    """What applying a deployment came to."""

    NOTHING = ""
    CREATED = "Created"
    UPDATED = "Updated"


class Backend(Protocol):
    """Runs the pods of one Deployment."""

    def apply(self, deployment: Object, service: Object) -> Done:
        """Bring the Deployment and its Service to what is wanted.

        Raises:
            Blocked: the API server does not take it; what runs goes on.
        """
        ...

    def delete(self) -> bool:
        """End the Deployment and its pods; return whether there was one."""
        ...

    def tick(self) -> float:
        """Do what is due; return in how many seconds to come again."""
        ...

    @property
    def ready(self) -> bool:
        """Whether the pod runs."""
        ...

    @property
    def rolling(self) -> bool:
        """Whether a pod is being replaced: isReady stays as it was meanwhile."""
        ...


def deployment_of(kbs_config: Object, template: Object) -> Object:
    """Return the Deployment of a KbsConfig around its pod template."""
    replicas = (kbs_config["spec"].get("KbsDeploymentSpec") or {}).get("replicas")
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}}
    return {
        "metadata": _metadata(kbs_config, DEPLOYMENT_NAME),
        "spec": {
            "replicas": 1 if replicas is None else replicas,
            "selector": {"matchLabels": LABELS},
            "strategy": strategy,
            "template": template,
        },
    }


def service_of(kbs_config: Object) -> Object:
    """Return the Service of a KbsConfig."""
    port = {"name": "kbs-port", "protocol": "TCP", "port": PORT, "targetPort": PORT}
    kind = kbs_config["spec"].get("kbsServiceType") or "ClusterIP"
    return {
        "metadata": _metadata(kbs_config, SERVICE_NAME),
        "spec": {"type": kind, "selector": LABELS, "ports": [port]},
    }


def blocked(refusal: Refused) -> Exception:
    """Return a refusal as what it means: blocked where the object is invalid, else itself."""
    return Blocked(str(refusal)) if refusal.status == INVALID else refusal


def _metadata(kbs_config: Object, name: str) -> dict[str, Any]:
    owner = {
        "apiVersion": KBS_CONFIG.api_version,
        "kind": KBS_CONFIG.name,
        "name": kbs_config["metadata"]["name"],
        "uid": kbs_config["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {"name": name, "ownerReferences": [owner]}
