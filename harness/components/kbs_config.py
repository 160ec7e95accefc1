"""The KbsConfig as its users see it: a list of Secrets, and isReady."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..adapters.kubernetes import KBS_CONFIG, SECRET, Kubernetes, Object, Refused
from ..errors import ComponentFailed
from ..model.names import Names
from ..model.words import Component

LIST = "/spec/kbsSecretResources"
TEST_FAILED = 422
"""The HTTP status of a JSON patch whose test does not hold."""


@dataclass(frozen=True, slots=True)
class KbsConfig:
    """One KbsConfig, whoever made it.

    Attributes:
        kubernetes: The API.
        names: What it is called.
    """

    kubernetes: Kubernetes
    names: Names

    def publish(self, secret: str) -> None:
        """Add a Secret to the list, unless it is there: to list it twice blocks the operator."""
        if secret not in self.listed():
            self.append(secret)

    def append(self, entry: str) -> None:
        """Add an entry by the walkthrough's JSON patch, which appends without looking."""
        self._patch({"op": "add", "path": f"{LIST}/-", "value": entry})

    def withdraw(self, secret: str) -> None:
        """Take a Secret off the list, by value: what others edit meanwhile stays.

        Raises:
            Refused: the API server says no, other than that the list has changed meanwhile.
        """
        while secret in self.listed():
            self.withdraw_last(secret)

    def withdraw_last(self, entry: str) -> None:
        """Take the last entry of that value off the list, if there is one.

        Raises:
            Refused: the API server says no, other than that the list has changed meanwhile.
        """
        while entry in (listed := self.listed()):
            place = f"{LIST}/{len(listed) - 1 - listed[::-1].index(entry)}"
            if self._remove(place, entry):
                return

    def listed(self) -> list[str]:
        """Return the names on the list."""
        spec = (self._read() or {}).get("spec") or {}
        return list(spec.get("kbsSecretResources") or [])

    def is_ready(self) -> bool:
        """Tell whether the operator says that it is ready."""
        status = (self._read() or {}).get("status") or {}
        return bool(status.get("isReady"))

    def sample_path(self) -> str:
        """Return the path of the first resource on the list.

        Raises:
            ComponentFailed: there is none.
        """
        for name in self.listed():
            secret = self.kubernetes.get(SECRET, name, self.names.namespace)
            for key in sorted((secret or {}).get("data") or {}):
                return f"default/{name}/{key}"
        raise ComponentFailed(Component.TRUSTEE_OPERATOR, "the KbsConfig lists no Secret with keys")

    def _remove(self, place: str, entry: str) -> bool:
        """Remove an entry where it was seen; tell whether it was still there."""
        test = {"op": "test", "path": place, "value": entry}
        try:
            self._patch(test, {"op": "remove", "path": place})
        except Refused as refusal:
            if refusal.status != TEST_FAILED:
                raise
            return False
        return True

    def _read(self) -> Object | None:
        return self.kubernetes.get(KBS_CONFIG, self.names.kbs_config, self.names.namespace)

    def _patch(self, *operations: dict[str, Any]) -> None:
        names = self.names
        self.kubernetes.json_patch(KBS_CONFIG, names.kbs_config, operations, names.namespace)
