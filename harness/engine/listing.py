"""What is done to the list of the KbsConfig beyond the walkthrough, and undone again.

Good entries and bad ones: how the operator takes each of them is what requirements ask.
"""

from __future__ import annotations

import secrets
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from ..adapters.kubernetes import SECRET
from ..model.words import Component
from ..wait import DeadlinePassed, wait_until
from .context import Context
from .outcomes import HOLDS, await_outcome

KEY = "value"
ANOTHER = "conformance-another"
MISSING = "conformance-missing"
DOTTED = "conformance.dotted"
OVERLONG = f"conformance-{'x' * 60}"
RESERVED = "auth-secret"
"""A name that every release gives to a volume of its own."""

VALUE_BYTES = 24


@dataclass(slots=True)
class Listing:
    """Entries and Secrets of one scenario.

    Attributes:
        context: The stack.
    """

    context: Context
    _entries: list[str] = field(default_factory=list)
    _made: list[str] = field(default_factory=list)
    _values: dict[str, str] = field(default_factory=dict)
    _mark: int = 0

    def make_secret(self, name: str) -> None:
        """Make a Secret with a value of its own, unless somebody has made it."""
        stack = self.context.stack
        if stack.kubernetes.get(SECRET, name, stack.names.namespace) is not None:
            return
        value = secrets.token_urlsafe(VALUE_BYTES)
        self.context.canaries.add("secret value", value)
        self._values[name] = self.context.journal.fingerprints.of(value.encode())
        self._made.append(name)
        stack.kubernetes.apply(
            {
                "apiVersion": SECRET.api_version,
                "kind": SECRET.name,
                "metadata": {"name": name, "namespace": stack.names.namespace},
                "stringData": {KEY: value},
            }
        )

    def append(self, entry: str) -> None:
        """Add an entry, and note from where on the operator's log speaks of it."""
        log = self.context.stack.logs.get(Component.TRUSTEE_OPERATOR)
        self._mark = log.mark() if log else 0
        self._entries.append(entry)
        self.context.stack.trustee.append(entry)

    def take_off(self, entry: str) -> None:
        """Take an entry off again."""
        self._entries.remove(entry)
        self.context.stack.trustee.withdraw_last(entry)

    def operator_tells(self, why: str) -> DeadlinePassed | None:
        """Wait until the operator says why it does not follow the list."""
        log = self.context.stack.logs[Component.TRUSTEE_OPERATOR]

        def seen() -> str:
            said = log.since(self._mark)
            return HOLDS if why in said else "its log does not say so"

        what = f"the operator tells «{why}»"
        return await_outcome(self.context, Component.TRUSTEE_OPERATOR, what, seen, "delivery")

    def client_decodes(self, name: str, deadline: str) -> DeadlinePassed | None:
        """Wait until the client decodes the value of a Secret that was made here."""
        path = f"default/{name}/{KEY}"
        of = self.context.journal.fingerprints.of

        def seen() -> str:
            fetched = self.context.stack.client.get_resource(path)
            if fetched.value is None:
                return f"{fetched.absence}: {fetched.error}"
            return HOLDS if of(fetched.value) == self._values[name] else "another value"

        what = f"the kbs-client decodes the value of Secret {name}"
        return await_outcome(self.context, Component.TRUSTEE_OPERATOR, what, seen, deadline)

    def restore(self) -> None:
        """Undo it all, each for itself, and wait for the KBS that serves the list as before.

        Raises:
            Refused: the API server did not let something be undone; the rest is.
        """
        stack, before = self.context.stack, self.context.stack.trustee.instance()
        followed = any(name in self._entries and name in self._made for name in (ANOTHER, MISSING))
        with ExitStack() as undone:
            for name in self._made:
                undone.callback(stack.kubernetes.delete, SECRET, name, stack.names.namespace)
            if followed and before is not None:
                undone.callback(self._await_another_pod, before)
            for entry in self._entries:
                undone.callback(stack.trustee.withdraw_last, entry)
        self._entries, self._made = [], []

    def _await_another_pod(self, before: str) -> None:
        """What comes next shall not take the roll for its own; if none comes, it will tell."""
        with suppress(DeadlinePassed):
            wait_until(
                self.context.stack.trustee.instance,
                lambda now: now is not None and now != before,
                expected="the KBS pod of the list as it was before",
                deadline=self.context.deadlines.of("delivery"),
                fatal=self.context.fatal,
            )
