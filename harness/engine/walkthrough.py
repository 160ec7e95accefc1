"""What the walkthrough does to a stack, by role; every action may be repeated."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ..adapters.kubernetes import Refused
from ..adapters.store import ReviewConfig, RoleBinding, StoreError
from ..errors import ComponentFailed
from ..model import jwt, observation
from ..model.observation import Absence
from ..model.words import Component, Hop
from .chain import Intended
from .context import Context

VALUE_BYTES = 24
"""Random bytes in a value."""

REVIEWER_SECONDS = 6 * 3600


@dataclass(slots=True)
class Walkthrough:
    """The actions of the walkthrough.

    Attributes:
        context: The stack.
        intended: The value that was put last, `None` before the first.
    """

    context: Context
    intended: Intended | None = None
    _reviewer_token: str | None = field(default=None, repr=False)

    def configure_auth(self) -> None:
        """Enable the Kubernetes auth method and let it review with the reviewer's token."""
        stack = self.context.stack
        review = ReviewConfig(stack.kubernetes_host, stack.kubernetes_ca, self._reviewer())
        stack.store.api.enable_kubernetes_auth(stack.names.auth_mount)
        stack.store.api.configure_kubernetes_auth(stack.names.auth_mount, review)

    def write_policy(self) -> None:
        """Write the read policy; KV v2 serves values below `data/`."""
        names = self.context.stack.names
        path = f"{names.kv_mount}/data/*"
        self.context.stack.store.api.write_policy(names.policy, path, ["read"])

    def bind_role(self) -> None:
        """Bind the role to the ServiceAccount, for the audience of the reviewer's own token."""
        names = self.context.stack.names
        binding = RoleBinding(
            service_account=names.service_account,
            namespace=names.namespace,
            audience=jwt.audiences(self._reviewer())[0],
            policy=names.policy,
        )
        self.context.stack.store.api.write_role(names.auth_mount, names.role, binding)

    def login(self) -> list[str]:
        """Log in as the SecretStore would; return the policies that this gives."""
        names = self.context.stack.names
        token = self.context.stack.kubernetes.token(
            names.service_account, names.namespace, seconds=600
        )
        self.context.canaries.add("token of the SecretStore's ServiceAccount", token)
        given = self.context.stack.store.api.login(names.auth_mount, names.role, token)
        self.context.canaries.add("token that a login gave", given.token)
        return given.policies

    def ensure_value(self) -> Intended:
        """Return the value that was put last, a first one put now if there is none."""
        return self.intended or self.put_new_value()

    def put_new_value(self) -> Intended:
        """Put a new random value into the store.

        Raises:
            StoreError: the store did not take it, which is noted as what was seen there.
        """
        names, journal = self.context.stack.names, self.context.journal
        value = secrets.token_urlsafe(VALUE_BYTES)
        self.context.canaries.add("secret value", value)
        at, moment = journal.now(), datetime.now(UTC)
        data = {names.store_property: value}
        mark = journal.fingerprints.of(value.encode())
        journal.record(observation.intent(at, mark))
        try:
            version = self.context.stack.store.api.put(names.kv_mount, names.store_key, data)
        except StoreError as error:
            why = Absence.UNREACHABLE if error.code is None else Absence.REFUSED
            journal.record(observation.value(journal.now(), Hop.STORE, None, why, error=str(error)))
            raise
        self.intended = Intended(mark, moment, version)
        return self.intended

    def apply(self, kind: str, manifest: dict[str, Any]) -> None:
        """Apply an ESO object in the API version that the stack serves.

        Raises:
            ComponentFailed: the stack serves none, or refuses the object.
        """
        served = self.context.stack.external_secrets.kind(kind)
        whole = {"apiVersion": served.api_version, "kind": kind, **manifest}
        try:
            self.context.stack.kubernetes.apply(whole, served)
        except Refused as refusal:
            raise ComponentFailed(Component.EXTERNAL_SECRETS, str(refusal)) from None

    def publish(self) -> None:
        """List the synced Secret in the KbsConfig.

        Raises:
            ComponentFailed: the patch was refused, as it is where the list is absent.
        """
        try:
            self.context.stack.trustee.publish(self.context.stack.names.secret)
        except Refused as refusal:
            raise ComponentFailed(Component.TRUSTEE_OPERATOR, str(refusal)) from None

    def replace_kbs(self) -> None:
        """Put a fresh KBS pod in place of the one that runs.

        Raises:
            ComponentFailed: no other comes.
        """
        self.context.stack.trustee.replace(self.context.deadlines.of("delivery"))

    def force_sync(self) -> None:
        """Ask ESO to refresh now: any changed annotation does."""
        stack = self.context.stack
        kind = stack.external_secrets.kind("ExternalSecret")
        moment = str(datetime.now(UTC).timestamp())
        names = stack.names
        stack.kubernetes.annotate(kind, names.external_secret, names.namespace, force_sync=moment)

    def _reviewer(self) -> str:
        """Return the reviewer's token; the page takes it from the store's own pod."""
        if self._reviewer_token is None:
            names = self.context.stack.names
            self._reviewer_token = self.context.stack.kubernetes.token(
                names.reviewer, names.reviewer_namespace, seconds=REVIEWER_SECONDS
            )
            self.context.canaries.add("token of the reviewer", self._reviewer_token)
        return self._reviewer_token
