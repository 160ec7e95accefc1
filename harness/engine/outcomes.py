"""Looks for outcomes that are no value: that a part runs, answers, lets somebody in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from ..adapters.kubernetes import condition
from ..adapters.store import StoreError
from ..errors import ComponentFailed
from ..model import observation
from ..model.observation import Absence, Observation
from ..model.words import Component, Hop
from ..wait import DeadlinePassed, wait_until
from .context import Context
from .look import look_for_evidence
from .walkthrough import Walkthrough

HOLDS = "ok"
"""What a look returns where the outcome is there; anything else says what is there instead."""


def store_takes_requests(context: Context) -> DeadlinePassed | None:
    """The store is unsealed and takes the credentials it was set up with."""

    def seen() -> str:
        health = context.stack.store.api.health()
        if not health.initialized or health.sealed:
            return f"initialised: {health.initialized}, sealed: {health.sealed}"
        return HOLDS if context.stack.store.api.token_accepted() else "its token is refused"

    what = "the store is unsealed and takes requests"
    return await_outcome(context, Component.STORE, what, seen, "start")


def external_secrets_runs(context: Context) -> DeadlinePassed | None:
    """ESO's API is served and its controller is healthy."""

    def seen() -> str:
        context.stack.external_secrets.kind("ExternalSecret")
        return context.stack.external_secrets.health()

    what = "ESO serves its API and is healthy"
    return await_outcome(context, Component.EXTERNAL_SECRETS, what, seen, "start")


def kbs_config_ready(context: Context) -> DeadlinePassed | None:
    """The operator says that the KbsConfig is ready."""

    def seen() -> str:
        return HOLDS if context.stack.trustee.is_ready() else "isReady is not true"

    what = "the KbsConfig is ready"
    return await_outcome(context, Component.TRUSTEE_OPERATOR, what, seen, "start")


def kbs_answers(context: Context) -> DeadlinePassed | None:
    """KBS gives its clients an answer, be it a refusal."""

    def seen() -> str:
        fetched = context.stack.client.get_resource(context.stack.sample_path())
        if fetched.absence not in {Absence.UNREACHABLE, Absence.BROKEN}:
            return HOLDS
        health = context.stack.trustee.kbs_health()
        if health == HOLDS:
            return f"{fetched.absence}: {fetched.error}"
        return context.canaries.redact(health)

    return await_outcome(context, Component.KBS, "the KBS answers the kbs-client", seen, "start")


def logs_in(context: Context, walkthrough: Walkthrough) -> DeadlinePassed | None:
    """The ServiceAccount logs in by the role and gets the read policy."""
    policy = context.stack.names.policy

    def seen() -> str:
        given = walkthrough.login()
        return HOLDS if policy in given else f"it gets the policies {given}"

    what = f"the ServiceAccount logs in and gets policy {policy}"
    return await_outcome(context, Component.STORE, what, seen, "auth")


def secret_store_ready(context: Context) -> DeadlinePassed | None:
    """ESO says that the SecretStore is ready; where it cannot log in, the store said why."""
    stack, names = context.stack, context.stack.names
    kind = stack.external_secrets.kind("SecretStore")

    def seen() -> str:
        ready = condition(stack.kubernetes.get(kind, names.secret_store, names.namespace))
        said = f"{ready.get('reason')}: {ready.get('message')}" if ready else "no condition yet"
        return HOLDS if ready.get("status") == "True" else said

    began = datetime.now(UTC)
    waited = await_outcome(
        context, Component.EXTERNAL_SECRETS, "the SecretStore is ready", seen, "sync"
    )
    if waited is not None:
        look_for_evidence(context, Hop.SECRET, began)
    return waited


def kbs_instance(context: Context) -> Observation:
    """Record which KBS pod runs."""
    name = context.stack.trustee.instance()
    now = context.journal.now()
    return context.journal.keep(observation.identity(now, Component.KBS, name))


def await_outcome(
    context: Context, component: Component, what: str, look: Callable[[], str], deadline: str
) -> DeadlinePassed | None:
    """Wait for an outcome and record what was seen last.

    Args:
        context: The stack.
        component: Who owes it.
        what: What it is.
        look: Returns `HOLDS`, or what is there instead.
        deadline: Which deadline bounds the wait.
    """
    failure = context.stack.failures.get(component)
    if failure is not None:
        _record(context, component, what, context.canaries.redact(failure))
        return None
    try:
        seen = wait_until(
            lambda: _told(look),
            lambda sight: sight == HOLDS,
            expected=what,
            deadline=context.deadlines.of(deadline),
            fatal=context.fatal,
        )
    except DeadlinePassed as passed:
        _record(context, component, what, passed.last)
        return passed
    _record(context, component, what, seen)
    return None


def _told(look: Callable[[], str]) -> str:
    try:
        return look()
    except (StoreError, ComponentFailed) as error:
        return str(error)


def _record(context: Context, component: Component, what: str, seen: str) -> None:
    holds = seen == HOLDS
    context.journal.keep(
        observation.outcome(context.journal.now(), component, holds=holds, what=what, seen=seen)
    )
