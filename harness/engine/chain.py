"""Follows a value along the chain, hop by hop, and stops where it does not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ..adapters.kubernetes import SECRET
from ..model import observation
from ..model.culprit import CHAIN
from ..model.observation import Kind, Observation
from ..model.rules import STAY_FETCHES, STAY_PERIODS
from ..model.words import Hop
from ..wait import DeadlinePassed, wait_until
from .context import Context
from .look import fetch_as_client, look, look_again, look_for_evidence

DEADLINES = {
    Hop.STORE: "auth",
    Hop.SECRET: "sync",
    Hop.KBS: "delivery",
    Hop.CLIENT: "fetch",
}
"""Which deadline bounds the way to each hop."""


@dataclass(frozen=True, slots=True)
class Intended:
    """A value that the run put into the store.

    Attributes:
        fingerprint: Its fingerprint.
        put: When it was put, by the wall clock.
        version: The store's version of it.
    """

    fingerprint: str
    put: datetime
    version: int


def follow(context: Context, intended: Intended, until: Hop) -> DeadlinePassed | None:
    """Wait for the value at one hop after the other; return what was awaited in vain, if anything.

    Where one gives up, the hops before it are looked at again: one of them may have lost the value.

    What is seen goes to the journal, where the judge reads it; the return value is for people.

    Raises:
        EnvironmentFailed: the API server does not answer or a part of it ended.
    """
    declare(context, intended)
    for hop in CHAIN[: CHAIN.index(until) + 1]:
        try:
            _await(context, hop, intended)
        except DeadlinePassed as passed:
            look_again(context, CHAIN[: CHAIN.index(hop)])
            look_for_evidence(context, hop, intended.put)
            return passed
    return None


def declare(context: Context, intended: Intended) -> None:
    """Record what is in the store by intent, where an earlier requirement put it there."""
    if not any(seen.kind is Kind.INTENT for seen in context.journal.current()):
        context.journal.record(
            observation.intent(
                context.journal.now(), intended.fingerprint, version=intended.version
            )
        )


def describe(seen: Observation) -> str:
    """Put an observation of a value in words."""
    if seen.fingerprint is not None:
        return f"value {seen.fingerprint} at {seen.hop}"
    why = f": {seen.detail['error']}" if seen.detail.get("error") else ""
    return f"no value at {seen.hop} ({seen.absence}{why})"


def _await(context: Context, hop: Hop, intended: Intended) -> None:
    name = DEADLINES[hop]
    wait_until(
        _changes(context) if hop is Hop.SECRET else lambda: look(context, hop),
        lambda seen: seen.fingerprint == intended.fingerprint,
        expected=f"value {intended.fingerprint} at {hop}",
        deadline=context.deadlines.of(name),
        fatal=context.fatal,
        describe=describe,
    )


def _changes(context: Context) -> Iterator[Observation]:
    """Look at the Secret whenever Kubernetes says that it changed."""
    names = context.stack.names
    for _ in context.stack.kubernetes.changes(SECRET, names.secret, names.namespace):
        yield look(context, Hop.SECRET)


def stay(context: Context, intended: Intended) -> DeadlinePassed | None:
    """Fetch on after a value has arrived, often and long enough to see an old one come back.

    Stops at the first fetch that shows anything else and looks at all hops then.

    Raises:
        EnvironmentFailed: a part of Kubernetes ended.
    """
    period = context.stack.delivery_period
    fetches: list[Observation] = []

    def fetch() -> Observation:
        fetches.append(context.journal.keep(fetch_as_client(context, period)))
        return fetches[-1]

    def enough(seen: Observation) -> bool:
        long = seen.at - fetches[0].at >= STAY_PERIODS * period
        changed = seen.fingerprint != intended.fingerprint
        return changed or (long and len(fetches) >= STAY_FETCHES)

    try:
        wait_until(
            fetch,
            enough,
            expected=f"{STAY_FETCHES} fetches over {STAY_PERIODS * period:g} s",
            deadline=context.deadlines.of("stay"),
            fatal=context.fatal,
            describe=describe,
        )
    except DeadlinePassed as passed:
        return passed
    if fetches[-1].fingerprint != intended.fingerprint:
        look_again(context, CHAIN)
    return None
