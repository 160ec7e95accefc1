"""What the operator says of its work: in its log, each thing once, and in events."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .cluster import EVENT, Cluster, Kind, Object, Refused

log = logging.getLogger("operator")


@dataclass(slots=True)
class Reporter:
    """Writes to the log, and events where the release does.

    Attributes:
        cluster: Where events go.
        events: Whether the release writes any.
    """

    cluster: Cluster
    events: bool
    _said: dict[str, str] = field(default_factory=dict)

    def problem(self, about: str, text: str) -> bool:
        """Log a problem unless it is what was said last; empty is that there is none.

        Returns:
            Whether it is a new problem.
        """
        new = bool(text) and self._said.get(about) != text
        if new:
            log.error("%s: %s", about, text)
        self._said[about] = text
        return new

    def event(self, kind: Kind, thing: Object, reason: str, message: str) -> None:
        """Write an event about an object; a warning where the reason says that something failed."""
        if not self.events:
            return
        bad = reason.endswith("Failed") or reason == "NotReady"
        meta = thing["metadata"]
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        manifest = {
            "metadata": {"generateName": f"{meta['name']}."},
            "involvedObject": {
                "apiVersion": kind.api_version,
                "kind": kind.name,
                "name": meta["name"],
                "namespace": meta["namespace"],
                "uid": meta["uid"],
            },
            "type": "Warning" if bad else "Normal",
            "reason": reason,
            "message": message,
            "source": {"component": "kbsconfig-controller"},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            self.cluster.create(EVENT, manifest)
        except Refused as refusal:
            log.warning("event %s was not written: %s", reason, refusal)
