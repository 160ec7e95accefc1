"""What was there when a requirement failed: objects, events and logs around the culprit's edge.

Objects are kept as they were before the scenario and as they were after it; of the logs, what was
written meanwhile. Values of Secrets are fingerprints, and everything is redacted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from ..adapters.kubernetes import KBS_CONFIG, SECRET, Kind, Object, Refused, decoded
from ..errors import HarnessError
from ..model.culprit import Culprit
from ..model.requirement import Result
from ..model.words import Component, Edge
from .context import Context
from .report_folder import cannot_write

BUNDLE = "bundle"
ENVIRONMENT = "environment"

LOGS: Mapping[Edge | Component, tuple[Component, ...]] = {
    Edge.RUN_STORE: (Component.STORE,),
    Edge.STORE_SECRET: (Component.STORE, Component.EXTERNAL_SECRETS),
    Edge.SECRET_KBS: (Component.TRUSTEE_OPERATOR, Component.KBS),
    Edge.KBS_CLIENT: (Component.KBS,),
    Edge.SECRET_CLIENT: (Component.TRUSTEE_OPERATOR, Component.KBS),
    Component.STORE: (Component.STORE, Component.EXTERNAL_SECRETS),
    Component.EXTERNAL_SECRETS: (Component.EXTERNAL_SECRETS, Component.STORE),
    Component.TRUSTEE_OPERATOR: (Component.TRUSTEE_OPERATOR, Component.KBS),
    Component.KBS: (Component.TRUSTEE_OPERATOR, Component.KBS),
    Component.KBS_CLIENT: (Component.KBS,),
}
"""Whose logs tell of an edge, or of a part where there is no edge."""

SYNC_OBJECTS = ("SecretStore", "ExternalSecret", "Secret")
DELIVERY_OBJECTS = ("Secret", "KbsConfig")
OBJECTS: Mapping[Edge | Component, tuple[str, ...]] = {
    Edge.RUN_STORE: (),
    Edge.STORE_SECRET: SYNC_OBJECTS,
    Edge.SECRET_KBS: DELIVERY_OBJECTS,
    Edge.KBS_CLIENT: ("KbsConfig",),
    Edge.SECRET_CLIENT: DELIVERY_OBJECTS,
    Component.STORE: SYNC_OBJECTS,
    Component.EXTERNAL_SECRETS: SYNC_OBJECTS,
    Component.TRUSTEE_OPERATOR: DELIVERY_OBJECTS,
    Component.KBS: DELIVERY_OBJECTS,
    Component.KBS_CLIENT: ("KbsConfig",),
}
"""Which objects tell of it."""

KBS_MATTERS = {Edge.SECRET_KBS, Edge.SECRET_CLIENT, Component.KBS, None}
"""Where what KBS was started with may tell something."""

NOTHING = "# nothing was written while the scenario ran\n"

ALL_OBJECTS = ("SecretStore", "ExternalSecret", "Secret", "KbsConfig")


@dataclass(slots=True)
class Bundle:
    """Collects for one run.

    Attributes:
        context: The stack.
        folder: The run's report folder.
    """

    context: Context
    folder: Path
    _began: datetime = field(default_factory=lambda: datetime.now(UTC))
    _marks: dict[str, int] = field(default_factory=dict)
    _before: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Remember how things are before a scenario."""
        self._began = datetime.now(UTC)
        self._marks = {name: log.mark() for name, log in self.context.stack.logs.items()}
        self._before = {name: self._object(name) for name in ALL_OBJECTS}

    def take(self, result: Result) -> None:
        """Write the bundle of a requirement that did not pass."""
        about = _about(result.culprit)
        for name in OBJECTS[about] if about else ALL_OBJECTS:
            self._write(result.requirement.id, f"before/{name}.yaml", self._before.get(name, ""))
            self._write(result.requirement.id, f"after/{name}.yaml", self._object(name))
        self._write(result.requirement.id, "events.yaml", self._events())
        configuration = self.context.stack.trustee.kbs_configuration()
        if configuration is not None and about in KBS_MATTERS:
            self._write(result.requirement.id, "kbs-config.toml", configuration)
        logs = self.context.stack.logs
        for part in LOGS[about] if about else logs:
            if part in logs:
                text = logs[part].since(self._marks.get(part, 0)) or NOTHING
                self._write(result.requirement.id, f"logs/{part}.log", text)

    def take_logs(self) -> None:
        """Write all logs of the whole run, where what it stood on failed."""
        for part, log in self.context.stack.logs.items():
            self._write(ENVIRONMENT, f"logs/{part}.log", log.since())

    def _write(self, of: str, name: str, text: str) -> None:
        path = self.folder / BUNDLE / of / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.context.canaries.redact(text), encoding="utf-8")
        except OSError as error:
            raise cannot_write(path, error) from None

    def _object(self, name: str) -> str:
        """Return an object as YAML, or why there is none."""
        names = self.context.stack.names
        called = {
            "SecretStore": names.secret_store,
            "ExternalSecret": names.external_secret,
            "Secret": names.secret,
            "KbsConfig": names.kbs_config,
        }
        try:
            found = self.context.stack.kubernetes.get(
                self._kind(name), called[name], names.namespace
            )
        except (HarnessError, Refused) as error:
            return f"# {name} {called[name]} could not be read: {error}\n"
        if found is None:
            return f"# {name} {called[name]} is not there\n"
        return yaml.safe_dump(self._without_values(found), sort_keys=False, allow_unicode=True)

    def _kind(self, name: str) -> Kind:
        built_in = {"Secret": SECRET, "KbsConfig": KBS_CONFIG}
        return built_in.get(name) or self.context.stack.external_secrets.kind(name)

    def _without_values(self, thing: Object) -> Object:
        """Leave out what nobody reads, and put fingerprints in the place of values."""
        whole = {**thing, "metadata": {**thing["metadata"]}}
        whole["metadata"].pop("managedFields", None)
        if whole.get("kind") == SECRET.name:
            mark = self.context.journal.fingerprints.of
            data = whole.get("data") or {}
            whole["data"] = {key: f"fingerprint {mark(decoded(thing, key) or b'')}" for key in data}
        return whole

    def _events(self) -> str:
        try:
            found = self.context.stack.kubernetes.events(
                self.context.stack.names.namespace, self._began
            )
        except (HarnessError, Refused) as error:
            return f"# events could not be read: {error}\n"
        told: list[dict[str, Any]] = [
            {
                "object": f"{one['involvedObject']['kind']}/{one['involvedObject']['name']}",
                "type": one.get("type"),
                "reason": one.get("reason"),
                "message": one.get("message"),
                "count": one.get("count"),
                "last": one.get("lastTimestamp") or one.get("eventTime"),
            }
            for one in found
        ]
        return yaml.safe_dump(told, sort_keys=False, allow_unicode=True)


def _about(culprit: Culprit | None) -> Edge | Component | None:
    return (culprit.edge or culprit.component) if culprit else None
