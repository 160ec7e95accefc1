"""Looks at the four hops: one observation each, never a value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..adapters.kubernetes import SECRET, condition, decoded
from ..adapters.store import StoreError
from ..components.kbs_client import Fetched
from ..model import observation
from ..model.observation import Absence, Observation
from ..model.words import Hop
from .context import Context

REFUSALS = re.compile(
    r"Code: (400|401|403|412|429|472|473|5\d\d)|permission denied|connection (refused|reset)|"
    r"deadline exceeded|Client\.Timeout|i/o timeout|no such host|\bEOF\b"
)
"""What ESO says where the store said no or did not answer: the messages of the Vault API client
(external-secrets `pkg/provider/vault`) and of Go's network errors. A 404 is ESO's own question."""


def look(context: Context, hop: Hop) -> Observation:
    """Look at a hop and record what is there, unless it is what was seen there last.

    Raises:
        EnvironmentFailed: the API server does not answer.
    """
    return context.journal.record(_LOOKS[hop](context))


def look_again(context: Context, hops: Sequence[Hop]) -> None:
    """Look at hops and keep what is there even if it has not changed, so that it is fresh.

    Raises:
        EnvironmentFailed: the API server does not answer.
    """
    for hop in hops:
        context.journal.keep(_LOOKS[hop](context))


def fetch_as_client(context: Context, period: float) -> Observation:
    """Fetch once as the client under test; note the delivery period beside what it got."""
    fetched = context.stack.client.get_resource(context.stack.names.resource_path)
    return _fetched(context, Hop.CLIENT, fetched, deliveryPeriod=period)


def look_for_evidence(context: Context, hop: Hop, since: datetime) -> Observation:
    """Record what the parts on the edge to a hop say of themselves.

    Args:
        context: The stack and its journal.
        hop: The hop that the edge leads to.
        since: The moment from which on events count.
    """
    if hop is Hop.SECRET:
        return context.journal.record(_sync_evidence(context, since))
    trustee, names = context.stack.trustee, context.stack.names
    return context.journal.record(
        observation.evidence(
            context.journal.now(),
            hop,
            refused=False,
            operator=trustee.health(),
            kbs=context.canaries.redact(trustee.kbs_health()),
            delivered=trustee.delivery_seen(names.secret, names.secret_key),
            listed=trustee.listed(),
            isReady=trustee.is_ready(),
        )
    )


def _store(context: Context) -> Observation:
    names, now = context.stack.names, context.journal.now()
    try:
        found = context.stack.store.api.read(names.kv_mount, names.store_key)
    except StoreError as error:
        why = Absence.UNREACHABLE if error.code is None else Absence.REFUSED
        return observation.value(now, Hop.STORE, None, why, error=str(error))
    data, version = found or ({}, None)
    if names.store_property not in data:
        return observation.value(now, Hop.STORE, None, Absence.MISSING, version=version)
    mark = context.journal.fingerprints.of(str(data[names.store_property]).encode())
    return observation.value(now, Hop.STORE, mark, version=version)


def _secret(context: Context) -> Observation:
    names = context.stack.names
    secret = context.stack.kubernetes.get(SECRET, names.secret, names.namespace)
    now = context.journal.now()
    value = decoded(secret, names.secret_key) if secret else None
    if secret is None or value is None:
        missing = "Secret" if secret is None else f"key {names.secret_key}"
        error = f"{missing} is not there"
        return observation.value(now, Hop.SECRET, None, Absence.MISSING, error=error)
    mark = context.journal.fingerprints.of(value)
    version = secret["metadata"]["resourceVersion"]
    return observation.value(now, Hop.SECRET, mark, resourceVersion=version)


def _kbs(context: Context) -> Observation:
    names = context.stack.names
    fetched = context.stack.reader.get_resource(names.resource_path)
    stored = context.stack.trustee.repository_value(names.secret, names.secret_key)
    mark = None if stored is None else context.journal.fingerprints.of(stored)
    return _fetched(context, Hop.KBS, fetched, repository=mark)


def _client(context: Context) -> Observation:
    fetched = context.stack.client.get_resource(context.stack.names.resource_path)
    return _fetched(context, Hop.CLIENT, fetched)


def _fetched(context: Context, hop: Hop, fetched: Fetched, **detail: Any) -> Observation:
    now = context.journal.now()
    if fetched.value is None:
        return observation.value(now, hop, None, fetched.absence, error=fetched.error, **detail)
    return observation.value(now, hop, context.journal.fingerprints.of(fetched.value), **detail)


def _sync_evidence(context: Context, since: datetime) -> Observation:
    stack, names = context.stack, context.stack.names
    detail: dict[str, Any] = {"controller": stack.external_secrets.health()}
    said: list[str] = []
    events: list[str] = []
    for kind, name in (
        ("SecretStore", names.secret_store),
        ("ExternalSecret", names.external_secret),
    ):
        thing = stack.kubernetes.get(stack.external_secrets.kind(kind), name, names.namespace)
        detail[kind] = condition(thing)
        said.append(detail[kind].get("message", ""))
        warned = stack.kubernetes.warnings(kind, name, names.namespace, since)
        events += [context.canaries.redact(" ".join(one["message"].split())) for one in warned]
    said += events
    refused = any(REFUSALS.search(message) for message in said)
    detail["events"] = sorted(set(events))[:5]
    return observation.evidence(context.journal.now(), Hop.SECRET, refused=refused, **detail)


_LOOKS = {Hop.STORE: _store, Hop.SECRET: _secret, Hop.KBS: _kbs, Hop.CLIENT: _client}
